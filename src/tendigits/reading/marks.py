"""Which marks can be marks, by their place and size among the digits of a line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tendigits.images.finder import DIGIT_CLASSES, MARKS
from tendigits.reading.alignment import Boxes
from tendigits.reading.characters import Character

# How far a mark before the first digit may be from it, relative to the height of the line.
REACH = 0.6


@dataclass(frozen=True)
class _Place:
    """Where the centre of a mark is between top (0) and base line (1), and how large it is.

    Attributes:
        highest: the smallest height of the centre, as a fraction from the top to the base line.
        lowest: the largest height of the centre.
        heights: the smallest and the largest height, relative to the digits.
        width: the largest width, relative to the height of the digits.
    """

    highest: float
    lowest: float
    heights: tuple[float, float]
    width: float


_PLACES = {
    ".": _Place(0.6, 1.35, (0.0, 0.5), 0.6),
    ",": _Place(0.6, 1.5, (0.0, 0.8), 0.6),
    "-": _Place(0.15, 0.85, (0.0, 0.5), 1.1),
    ":": _Place(0.2, 1.0, (0.2, 1.3), 0.6),
    "/": _Place(0.1, 0.9, (0.5, 2.0), 1.5),
}


def without_misplaced_marks(
    line: Sequence[Character], level: Boxes, height: float
) -> list[Character]:
    """Return the characters of a line, with the probability 0 for each mark that is out of place.

    A point and a comma are at the base line, a dash, a colon and a slash at half height; a dash is
    not longer than a digit is high. A mark before the first digit is close to it.

    Args:
        line: the characters, from left to right.
        level: (n, 4), their boxes, as if the line were level.
        height: the median height of the digits, in pixels.
    """
    digits = [at for at, each in enumerate(line) if each.probability >= 0.5 and not each.is_mark]
    after = np.searchsorted(digits, range(len(line)), side="right")
    before = np.searchsorted(digits, range(len(line))) - 1
    return [
        _without_misplaced(
            each,
            level[at],
            level[[digits[place] for place in (left, right) if 0 <= place < len(digits)]],
            height,
            is_first=left < 0,
        )
        for at, (each, left, right) in enumerate(zip(line, before, after, strict=True))
    ]


def _without_misplaced(
    character: Character, box: Boxes, digits: Boxes, height: float, *, is_first: bool
) -> Character:
    marks = character.probabilities[DIGIT_CLASSES:]
    if not marks.any() or not len(digits):
        return character
    kept = np.zeros(len(MARKS), np.float32)
    if not is_first or digits[0, 0] - box[2] <= REACH * height:
        left, top, right, bottom = box.tolist()
        upper, lower = digits[:, [1, 3]].mean(axis=0).tolist()
        centre = ((top + bottom) / 2 - upper) / (lower - upper)
        size = (right - left) / height, (bottom - top) / height
        kept[:] = [_is_in_place(centre, size, _PLACES[mark]) for mark in MARKS]
    probabilities = character.probabilities.copy()
    probabilities[DIGIT_CLASSES:] *= kept
    return replace(character, probabilities=probabilities)


def _is_in_place(centre: float, size: tuple[float, float], place: _Place) -> bool:
    """Return whether a mark of this width and height, relative to digits, is in its place."""
    width, height = size
    return (
        place.highest <= centre <= place.lowest
        and place.heights[0] <= height <= place.heights[1]
        and width <= place.width
    )
