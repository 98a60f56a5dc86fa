"""Digits gone wrong: two in one frame, turned on their side, cut."""

import numpy as np
from numpy.typing import NDArray

from tendigits.data import LabelledImages

Ink = NDArray[np.float32]
# On their side, these look like no other digit.
_TURNED = (2, 3, 4, 5, 7, 8)
# Cut through the middle, these leave what is no digit; half of an 8 would be a 0.
_CUT = (2, 3, 4, 5)


def pair_of_digits(random: np.random.Generator, digits: LabelledImages) -> Ink:
    """Draw two digits side by side, apart or touching."""
    left, right = (_trimmed(_one(random, digits, None)) for _ in range(2))
    gap = int(random.integers(-3, 5))
    width = left.shape[1] + right.shape[1] + gap
    ink = np.zeros((max(len(left), len(right)), width), np.float32)
    ink[: len(left), : left.shape[1]] = left
    place = ink[: len(right), -right.shape[1] :]
    np.maximum(place, right, out=place)
    return ink


def turned_digit(random: np.random.Generator, digits: LabelledImages) -> Ink:
    """Draw a digit that lies on its side."""
    ink: Ink = np.rot90(_one(random, digits, _TURNED), random.choice([1, 3]))
    return ink


def cut_digit(random: np.random.Generator, digits: LabelledImages) -> Ink:
    """Draw the upper or the lower half of a digit."""
    ink = _trimmed(_one(random, digits, _CUT))
    middle = len(ink) // 2
    return ink[:middle] if random.random() < 0.5 else ink[middle:]


def _one(
    random: np.random.Generator, digits: LabelledImages, labels: tuple[int, ...] | None
) -> Ink:
    while True:
        index = int(random.integers(len(digits)))
        if labels is None or digits.labels[index] in labels:
            ink: Ink = digits.images[index].astype(np.float32) / np.float32(255)
            return ink


def _trimmed(ink: Ink) -> Ink:
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
