"""Reading pictures of handwritten digits: tendigits, RapidOCR and Tesseract on the same pictures.

make bench-pictures FOLDER=pictures

The folder holds `pictures.csv` with the columns `file` (relative to the folder), `label` (the
digits in reading order) and `kind` (any name; `nondigit`, with an empty label, for pictures without
digits). A picture counts as read correctly if the whole text is exact, apart from spaces, line
ends and `. , - / :`; without digits, if no digit is read. Every reader runs in one thread and is
timed from the file to the text, without its start. Readers that are not installed are left out.
Prints one line per reader, writes `benchmarks/results/pictures.json` and updates the tables
of the docs. RapidOCR's text detection takes up to seconds per
picture.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from labelled_pictures import GROUPS, LabelledPicture, is_correct, load_pictures, write_pages
from picture_readers import PictureReader, find_readers
from tables import RESULTS, update_pages
from tendigits.data.pages import synthetic_pages
from tendigits.errors import DataError, TendigitsError
from tendigits.files import write_json
from tendigits.training import describe_environment

RESULT = RESULTS / "pictures.json"
SYNTHETIC_PAGES = 300
SYNTHETIC_SEED = 1


@dataclass(frozen=True)
class Outcome:
    """How one picture was read: in which mode of the reader, and in how many seconds."""

    correct: bool
    seconds: float
    mode: str


@dataclass(frozen=True)
class Result:
    """How many pictures a reader read correctly, its median time, and its mode if it is one."""

    correct: int
    milliseconds: float
    mode: str


@dataclass(frozen=True)
class Row:
    """The results of all readers on one kind of picture, or on all kinds of a group."""

    name: str
    is_group: bool
    pictures: int
    results: dict[str, Result]


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Compare readers on labelled pictures.")
    parser.add_argument("folder", help="the folder that holds pictures.csv")
    try:
        compare(parser.parse_args(words).folder)
    except TendigitsError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def compare(folder: str) -> None:
    """Measure the installed readers, write the results and update the tables."""
    if not folder:
        raise DataError("Give the folder of the pictures: make bench-pictures FOLDER=pictures")
    pictures = load_pictures(Path(folder))
    readers, left_out = find_readers()
    for sentence in left_out:
        print(sentence, file=sys.stderr, flush=True)
    result = {
        "environment": asdict(describe_environment(threads=1)),
        "software": {reader.name: reader.software for reader in readers},
        "left_out": left_out,
        "pictures": [asdict(row) for row in measure(pictures, readers)],
        "synthetic_pages": [asdict(row) for row in measure_synthetic_pages(readers)],
    }
    write_json(RESULT, result)
    update_pages()


def measure_synthetic_pages(readers: Sequence[PictureReader]) -> list[Row]:
    if not SYNTHETIC_PAGES:
        return []
    with tempfile.TemporaryDirectory() as folder:
        return measure(
            write_pages(synthetic_pages(SYNTHETIC_PAGES, SYNTHETIC_SEED), Path(folder)), readers
        )


def measure(pictures: Sequence[LabelledPicture], readers: Sequence[PictureReader]) -> list[Row]:
    """Let the readers read all pictures, one reader after the other.

    Returns:
        A row for each kind, ordered by group, and one after the kinds of each group.
    """
    outcomes: dict[str, list[Outcome]] = {}
    for reader in readers:
        outcomes[reader.name] = read_all(reader, pictures)
        correct = sum(outcome.correct for outcome in outcomes[reader.name])
        print(f"{reader.name}: {correct} of {len(pictures)} correct", flush=True)
    rows = []
    for group in GROUPS:
        places = [place for place, picture in enumerate(pictures) if picture.group == group]
        kinds = dict.fromkeys(pictures[place].kind for place in places)
        for kind in kinds:
            of_kind = [place for place in places if pictures[place].kind == kind]
            rows.append(Row(kind, False, len(of_kind), results_at(of_kind, outcomes)))
        if len(kinds) > 1:
            rows.append(Row(group, True, len(places), results_at(places, outcomes)))
    return rows


def read_all(reader: PictureReader, pictures: Sequence[LabelledPicture]) -> list[Outcome]:
    """Return the outcome for each picture, in the mode that is best for its kind.

    The modes are chosen by the same pictures, which favours a reader with several modes.
    """
    by_mode = [outcomes_in(mode, reader, pictures) for mode in reader.modes]
    best = {
        kind: max(by_mode, key=lambda outcomes: correct_of(kind, pictures, outcomes))
        for kind in {picture.kind for picture in pictures}
    }
    return [best[picture.kind][place] for place, picture in enumerate(pictures)]


def outcomes_in(
    mode: str, reader: PictureReader, pictures: Sequence[LabelledPicture]
) -> list[Outcome]:
    answers = reader.modes[mode]([picture.file for picture in pictures])
    return [
        Outcome(is_correct(text, picture.label), seconds, mode)
        for picture, text, seconds in zip(pictures, answers.texts, answers.seconds, strict=True)
    ]


def correct_of(kind: str, pictures: Sequence[LabelledPicture], outcomes: Sequence[Outcome]) -> int:
    pairs = zip(pictures, outcomes, strict=True)
    return sum(outcome.correct for picture, outcome in pairs if picture.kind == kind)


def results_at(places: Sequence[int], outcomes: dict[str, list[Outcome]]) -> dict[str, Result]:
    """Return the result of each reader on the pictures at some places of the list."""
    return {name: result_of([each[place] for place in places]) for name, each in outcomes.items()}


def result_of(outcomes: Sequence[Outcome]) -> Result:
    modes = {outcome.mode for outcome in outcomes}
    return Result(
        correct=sum(outcome.correct for outcome in outcomes),
        milliseconds=1000 * statistics.median(outcome.seconds for outcome in outcomes),
        mode=modes.pop() if len(modes) == 1 else "",
    )


if __name__ == "__main__":
    sys.exit(main())
