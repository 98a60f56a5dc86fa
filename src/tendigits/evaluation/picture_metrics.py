"""Accuracy of the whole reading path, on pictures whose text is known."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tendigits.classifiers import Classifier
from tendigits.data import Dataset, load_dataset
from tendigits.data.dataset import split_by_content
from tendigits.data.load import DataSource
from tendigits.data.picture_folder import find_class_folders, load_pictures
from tendigits.errors import DataError, PictureError
from tendigits.evaluation.calibration import calibration_error
from tendigits.evaluation.metrics import wilson_interval
from tendigits.evaluation.own_data import images_to_measure, may_have_seen
from tendigits.images import PictureSource
from tendigits.reading import Reader, Reading
from tendigits.reading.numbers import UNREADABLE

PICTURES_FILE = "pictures.csv"
_COLUMNS = ("file", "label")
_SHOWN = 20  # misread pictures that are printed
Step = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class LabelledPicture:
    """A picture, its name, and the text in it, without spaces; empty if it has no digits."""

    name: str
    picture: PictureSource
    text: str


@dataclass(frozen=True)
class Misread:
    """A picture that was not read correctly.

    Attributes:
        name: the name of the picture.
        text: the text in it.
        read: what was read, or why it could not be read.
        confidence: the confidence of what was read.
    """

    name: str
    text: str
    read: str
    confidence: float


@dataclass(frozen=True)
class PictureMetrics:
    """Figures of the whole reading path on n pictures.

    Attributes:
        pictures: n.
        accuracy: fraction of pictures whose text is read correctly, with its marks; spaces do not
            count.
        interval_95: the accuracy's 95 % confidence interval (Wilson).
        rejected: fraction of pictures with digits in which one is rejected, or none is found.
        mean_confidence: of the pictures in which something was read.
        calibration_error: the expected calibration error (15 bins) of these; NaN without any. For
            it, a `?` counts as its most probable digit, as in the confidence.
        misread: the pictures that are not read correctly, the most confident first.
    """

    pictures: int
    accuracy: float
    interval_95: tuple[float, float]
    rejected: float
    mean_confidence: float
    calibration_error: float
    misread: tuple[Misread, ...]

    def summary(self) -> str:
        """Return the figures as lines of text."""
        low, high = self.interval_95
        lines = [
            f"Pictures read correctly: {100 * self.accuracy:.2f}% of {self.pictures:,}",
            f"95 % confidence interval (Wilson): {100 * low:.2f}% to {100 * high:.2f}%",
            f"Rejected, wholly or in part: {100 * self.rejected:.2f}%",
            f"Mean confidence: {100 * self.mean_confidence:.2f}%, calibration error "
            f"{self.calibration_error:.4f}",
        ]
        lines += [
            f"  {each.name}: {each.text or 'no digits'}, read as {each.read or 'no digits'} "
            f"({each.confidence:.3f})"
            for each in self.misread[:_SHOWN]
        ]
        if len(self.misread) > _SHOWN:
            lines.append(f"  and {len(self.misread) - _SHOWN:,} more")
        return "\n".join(lines)


@dataclass(frozen=True)
class _Result:
    picture: LabelledPicture
    read: str
    confidence: float = 0.0
    is_correct: bool = False
    is_probable_correct: bool = False


def find_pictures(
    classifier: Classifier, source: DataSource, progress: Step
) -> tuple[list[LabelledPicture], tuple[str, ...]]:
    """Return the pictures of a data set on which a classifier is measured, and what was left out.

    Args:
        classifier: what reads them.
        source: a folder with `pictures.csv`, whose columns are file and label; a folder with one
            folder of pictures per class; or any other data set, whose images are read as pictures.
        progress: called with what is loaded, how much is done, and the total.

    Raises:
        DataError: the source is not a data set, or `pictures.csv` is damaged.
    """
    folder = Path(source) if isinstance(source, str | Path) else None
    if folder is not None and folder.is_dir():
        if (folder / PICTURES_FILE).is_file():
            return list(_listed_pictures(folder)), ()
        is_data_set = any(
            "-ubyte" in path.name or path.suffix == ".jsonl" for path in folder.iterdir()
        )
        if not is_data_set and find_class_folders(folder) is not None:
            return _pictures_of_classes(classifier, folder, progress)
    dataset = load_dataset(source, progress)
    return list(_images_as_pictures(classifier, dataset)), dataset.notes


def measure_pictures(
    classifier: Classifier, pictures: Sequence[LabelledPicture], progress: Step
) -> PictureMetrics:
    """Read pictures and return how many are read correctly; those of damaged files are not."""
    reader = Reader(classifier)
    results = []
    for number, picture in enumerate(pictures, start=1):
        results.append(_read(reader, picture))
        progress("Reading", number, len(pictures))
    return _metrics(results)


def _read(reader: Reader, picture: LabelledPicture) -> _Result:
    try:
        reading = reader.read(picture.picture)
    except PictureError as error:
        return _Result(picture, str(error))
    text, probable = _without_spaces(reading.text), most_probable_text(reading)
    return _Result(
        picture, text, reading.confidence, text == picture.text, probable == picture.text
    )


def most_probable_text(reading: Reading) -> str:
    """Return the text without spaces, where a `?` is its most probable digit."""
    text = _without_spaces(reading.text)
    digits = iter(reading.digits)
    return "".join(
        str(next(digits).digit) if each.isdigit() or each == UNREADABLE else each for each in text
    )


def _metrics(results: Sequence[_Result]) -> PictureMetrics:
    correct = np.array([each.is_correct for each in results])
    probable = np.array([each.is_probable_correct for each in results])
    with_digits = [each for each in results if each.picture.text]
    rejected = [each for each in with_digits if not each.confidence or UNREADABLE in each.read]
    answered = np.array([each.confidence > 0 for each in results])
    confidences = np.array([each.confidence for each in results])[answered]
    return PictureMetrics(
        pictures=len(results),
        accuracy=float(correct.mean()),
        interval_95=wilson_interval(int(correct.sum()), len(results)),
        rejected=len(rejected) / max(len(with_digits), 1),
        mean_confidence=float(confidences.mean()) if len(confidences) else 0.0,
        calibration_error=(
            calibration_error(confidences, probable[answered]) if len(confidences) else float("nan")
        ),
        misread=tuple(
            Misread(each.picture.name, each.picture.text, each.read, each.confidence)
            for each in sorted(results, key=lambda each: -each.confidence)
            if not each.is_correct
        ),
    )


def _listed_pictures(folder: Path) -> Iterator[LabelledPicture]:
    path = folder / PICTURES_FILE
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read ({error}); save it as CSV in UTF-8.") from error
    if not rows:
        raise DataError(f"{path} lists no picture; add one row per picture.")
    for number, row in enumerate(rows, start=1):
        name, label = (row.get(column) for column in _COLUMNS)
        if not name or label is None:
            raise DataError(f"{path}, picture {number}: give the columns {', '.join(_COLUMNS)}.")
        if not (folder / name).is_file():
            raise DataError(f"{path}, picture {number}: there is no file {folder / name}.")
        yield LabelledPicture(str(folder / name), folder / name, _without_spaces(label))


def _pictures_of_classes(
    classifier: Classifier, folder: Path, progress: Step
) -> tuple[list[LabelledPicture], tuple[str, ...]]:
    found = find_class_folders(folder)
    assert found is not None
    files = found.train if found.test is None else found.test
    if not files:
        raise DataError(f"{folder} contains no picture of a digit; give at least one.")
    notes: tuple[str, ...] = ()
    if found.test is None and may_have_seen(classifier):
        loaded = load_pictures(files, folder, progress)
        _, held_out = split_by_content(loaded.images.images)
        files = tuple(np.array(loaded.files, object)[held_out])
        notes = loaded.notes
    return [
        LabelledPicture(str(each.path), each.path, found.class_names[each.label]) for each in files
    ], notes


def _images_as_pictures(classifier: Classifier, dataset: Dataset) -> Iterator[LabelledPicture]:
    part = images_to_measure(classifier, dataset)
    for number, (image, label) in enumerate(zip(part.images, part.labels, strict=True)):
        yield LabelledPicture(f"image {number}", image, dataset.class_names[label])


def _without_spaces(text: str) -> str:
    return re.sub(r"\s", "", text)
