"""Data sets in folders of pictures: one folder per class, or frames that `--crops` wrote."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tendigits.data.catalogue import DIGITS
from tendigits.data.dataset import CLASSES, IMAGE_SIZE, NON_DIGIT, LabelledImages
from tendigits.errors import DataError, PictureError
from tendigits.files import parse_json

LABELS_FILE = "labels.jsonl"
TRAIN_FOLDERS, TEST_FOLDERS = ("train", "training"), ("test", "testing")
_NAMED = 3  # files that a note names
Step = Callable[[str, int, int], None]


@dataclass(frozen=True)
class CropEntry:
    """A line of `labels.jsonl`.

    Attributes:
        file: the name of the frame's file.
        digit: its label, 0 to 9 or `non-digit`; null if it is not known.
        accepted: whether it was accepted as a digit when it was read.
        confidence: the probability of the digit when it was read.
    """

    file: str
    digit: Annotated[int, Field(ge=0, lt=CLASSES)] | Literal["non-digit"] | None
    accepted: bool = True
    confidence: float = 1.0

    def to_line(self) -> str:
        """Return the line, with its end."""
        return json.dumps(vars(self)) + "\n"


@dataclass(frozen=True)
class LabelledFile:
    """A picture file and the index of its class."""

    path: Path
    label: int


@dataclass(frozen=True)
class ClassFolders:
    """The pictures of a data set by class.

    Attributes:
        class_names: the meaning of the ten labels.
        train: the pictures for training.
        test: the pictures for testing; None if the folder has no test part.
    """

    class_names: tuple[str, ...]
    train: tuple[LabelledFile, ...]
    test: tuple[LabelledFile, ...] | None


def find_class_folders(folder: Path) -> ClassFolders | None:
    """Return the pictures below a folder with one folder per class; None if it has none.

    `train` or `training`, and `test` or `testing`, may stand between the folder and the classes.

    Raises:
        DataError: the classes are neither digits nor ten in number, or a part has other ones.
    """
    train = next((folder / name for name in TRAIN_FOLDERS if (folder / name).is_dir()), None)
    test = next((folder / name for name in TEST_FOLDERS if (folder / name).is_dir()), None)
    root = folder if train is None else train
    names = [path.name for path in _folders_in(root)]
    if not names:
        return None
    class_names = DIGITS if set(names) <= set(DIGITS) else tuple(sorted(names))
    if len(class_names) != CLASSES:
        raise DataError(
            f"{root} has the folders {', '.join(names[:CLASSES])}; give one folder of pictures per "
            "class, called 0 to 9, or ten others."
        )
    has_test = train is not None and test is not None
    return ClassFolders(
        class_names,
        tuple(_files_in(root, class_names)),
        tuple(_files_in(test, class_names)) if has_test and test is not None else None,
    )


@dataclass(frozen=True, eq=False)
class LoadedPictures:
    """Pictures of one digit each.

    Attributes:
        images: their frames with their labels.
        files: the file of each.
        notes: what was left out, one sentence each.
    """

    images: LabelledImages
    files: tuple[LabelledFile, ...]
    notes: tuple[str, ...]


def load_pictures(files: Sequence[LabelledFile], folder: Path, progress: Step) -> LoadedPictures:
    """Return the frames of pictures of one digit each.

    Raises:
        DataError: none of them shows a digit.
    """
    from tendigits.images import decode, frame_of_lone_digit  # noqa: PLC0415 - OpenCV takes a while

    frames, framed = [], []
    unreadable, blank = [], []
    for number, file in enumerate(files, start=1):
        progress(folder.name, number, len(files))
        try:
            frame = frame_of_lone_digit(decode(file.path).grey)
        except PictureError:
            unreadable.append(file.path)
            continue
        if frame is None:
            blank.append(file.path)
            continue
        frames.append(frame)
        framed.append(file)
    notes = [*_left_out(unreadable, "cannot be read"), *_left_out(blank, "show nothing")]
    if not frames:
        raise DataError(f"{folder} contains no picture of a digit; give at least one.")
    labels = np.array([file.label for file in framed], np.int64)
    return LoadedPictures(LabelledImages(np.stack(frames), labels), tuple(framed), tuple(notes))


def load_crops(folder: Path) -> tuple[LabelledImages, tuple[str, ...]]:
    """Return the frames that `labels.jsonl` lists with their labels, and what was left out.

    Raises:
        DataError: the list is damaged, a frame is not a picture of 28x28, or none has a label.
    """
    entries = list(read_entries(folder / LABELS_FILE).values())
    known = [each for each in entries if each.digit is not None]
    there = [each for each in known if (folder / each.file).is_file()]
    if not there:
        raise DataError(f"{folder / LABELS_FILE} lists no frame with a digit; add labels to it.")
    labels = [NON_DIGIT if isinstance(each.digit, str) else each.digit for each in there]
    missing = [folder / each.file for each in known if each not in there]
    notes = _left_out(missing, "are listed but do not exist")
    if len(known) < len(entries):
        notes.append(
            f"Frames whose digit is null in {LABELS_FILE} were left out: "
            f"{len(entries) - len(known):,}; enter their digits to use them."
        )
    frames = np.stack([_load_frame(folder / each.file) for each in there])
    return LabelledImages(frames, np.array(labels, np.int64)), tuple(notes)


def read_entries(path: Path) -> dict[str, CropEntry]:
    """Return the lines of `labels.jsonl` by the names of their files; none if it does not exist.

    Raises:
        DataError: a line is damaged.
    """
    if not path.exists():
        return {}
    entries = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error}); correct it, or delete it.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entry = parse_json(line, CropEntry)
        except ValueError as error:
            raise DataError(
                f"{path}, line {number} is damaged ({str(error).rstrip('.')}); give "
                '{"file": "name.png", "digit": 7}, with "non-digit" or null for no digit.'
            ) from error
        entries[entry.file] = entry
    return entries


def _folders_in(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )


def _files_in(root: Path, class_names: tuple[str, ...]) -> Iterator[LabelledFile]:
    from tendigits.images import picture_suffixes  # noqa: PLC0415 - as above

    suffixes = picture_suffixes()
    for folder in _folders_in(root):
        if folder.name not in class_names:
            raise DataError(f"{folder} is not one of the classes {', '.join(class_names)}.")
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in suffixes and path.is_file():
                yield LabelledFile(path, class_names.index(folder.name))


def _load_frame(path: Path) -> NDArray[np.uint8]:
    from tendigits.images import decode  # noqa: PLC0415 - as above

    try:
        frame = decode(path).grey
    except PictureError as error:
        raise DataError(str(error)) from error
    if frame.shape != (IMAGE_SIZE, IMAGE_SIZE):
        raise DataError(f"{path} is not 28x28 pixels; `tendigits read --crops` writes such files.")
    return frame


def _left_out(paths: Sequence[Path], why: str) -> list[str]:
    if not paths:
        return []
    names = ", ".join(str(path) for path in paths[:_NAMED])
    more = f" and {len(paths) - _NAMED:,} more" if len(paths) > _NAMED else ""
    return [f"Pictures that {why} were left out: {names}{more}."]
