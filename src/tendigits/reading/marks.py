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
    return [
        _without_misplaced(
            each,
            level[at],
            level[_neighbours(at, digits)],
            height,
            is_first=at < min(digits, default=0),
        )
        for at, each in enumerate(line)
    ]


def _neighbours(at: int, digits: list[int]) -> list[int]:
    """Return the last digit before a character and the first one after it."""
    before = [digit for digit in digits if digit < at]
    after = [digit for digit in digits if digit > at]
    return [*before[-1:], *after[:1]]


def _without_misplaced(
    character: Character, box: Boxes, digits: Boxes, height: float, *, is_first: bool
) -> Character:
    marks = character.probabilities[DIGIT_CLASSES:]
    if not marks.any() or not len(digits):
        return character
    possible = not is_first or digits[0, 0] - box[2] <= REACH * height
    kept = [possible and _is_in_place(box, _PLACES[mark], digits, height) for mark in MARKS]
    probabilities = character.probabilities.copy()
    probabilities[DIGIT_CLASSES:] *= np.array(kept, np.float32)
    return replace(character, probabilities=probabilities)


def _is_in_place(box: Boxes, place: _Place, digits: Boxes, height: float) -> bool:
    left, top, right, bottom = box
    upper, lower = digits[:, [1, 3]].mean(axis=0)
    centre = ((top + bottom) / 2 - upper) / (lower - upper)
    return bool(
        place.highest <= centre <= place.lowest
        and place.heights[0] <= (bottom - top) / height <= place.heights[1]
        and (right - left) / height <= place.width
    )
