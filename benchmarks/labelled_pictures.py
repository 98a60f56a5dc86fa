"""Pictures with the text that is in them, and whether a reader's text is correct."""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tendigits.errors import DataError

COLUMNS = ("file", "label", "kind")
NONDIGIT = "nondigit"
SINGLE, SEVERAL, NONE = GROUPS = ("single digits", "several digits", "no digits")
NOT_COUNTED = re.compile(r"[\s.,:/-]")

# A synthetic page: (h, w) uint8, 0 black, 255 white; the text on it; its kind.
Page = tuple[NDArray[np.uint8], str, str]


@dataclass(frozen=True)
class LabelledPicture:
    """A picture file, the text in it (empty if it has no digits) and the kind of picture."""

    file: Path
    label: str
    kind: str

    @property
    def group(self) -> str:
        digits = NOT_COUNTED.sub("", self.label)
        if not digits:
            return NONE
        return SINGLE if len(digits) == 1 else SEVERAL


def is_correct(text: str, label: str) -> bool:
    """Return whether the text that was read is the label, or holds no digit if that is empty.

    Spaces, line ends and `. , - / :` do not count.
    """
    counted, digits = NOT_COUNTED.sub("", text), NOT_COUNTED.sub("", label)
    if not digits:
        return not any(character.isdigit() for character in counted)
    return counted == digits


def load_pictures(folder: Path) -> list[LabelledPicture]:
    """Return the pictures that `pictures.csv` of a folder lists.

    Raises:
        DataError: it cannot be read, has no rows, or a row is wrong.
    """
    path = folder / "pictures.csv"
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise DataError(
            f"{path}: {reason}; give a folder whose pictures.csv has the columns "
            f"{', '.join(COLUMNS)}."
        ) from error
    if not rows:
        raise DataError(f"{path} lists no picture; add one row per picture.")
    return [
        picture_in(row, folder, f"{path}, picture {number}") for number, row in enumerate(rows, 1)
    ]


def picture_in(row: Mapping[str, str | None], folder: Path, place: str) -> LabelledPicture:
    """Return the picture of one row; `place` names the row in messages."""
    file, label, kind = (row.get(column) for column in COLUMNS)
    if not file or label is None or not kind:
        raise DataError(f"{place}: a value is missing; the columns are {', '.join(COLUMNS)}.")
    digits = NOT_COUNTED.sub("", label)
    if (kind == NONDIGIT) != (not digits) or not (digits or "0").isdecimal():
        raise DataError(
            f"{place}: invalid label {label!r} for kind {kind!r}; give the digits, and leave the "
            f"label empty for kind {NONDIGIT!r} only."
        )
    if not (folder / file).is_file():
        raise DataError(f"{place}: there is no file {folder / file}; correct the column file.")
    return LabelledPicture((folder / file).resolve(), label, kind)


def write_pages(pages: Iterable[Page], folder: Path) -> list[LabelledPicture]:
    """Write synthetic pages as PNG files, so that every reader starts from a file."""
    pictures = []
    for number, (page, text, kind) in enumerate(pages):
        file = folder / f"{number}.png"
        Image.fromarray(page).save(file)
        pictures.append(LabelledPicture(file, text, kind))
    return pictures
