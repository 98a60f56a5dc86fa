"""A character as it is found in a picture: a box, and a probability for each class."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tendigits.images.box import Box
from tendigits.images.finder import CHARACTERS, DIGIT_CLASSES


@dataclass(frozen=True, eq=False)
class Character:
    """Ink that may be a character.

    Attributes:
        box: where it is, in pixels of the decoded picture.
        probabilities: (15,) float32, calibrated, in the order of CHARACTERS; they sum to the
            probability that it is a character at all.
    """

    box: Box
    probabilities: NDArray[np.float32]

    @cached_property
    def probability(self) -> float:
        """The probability that it is a character."""
        return min(1.0, float(self.probabilities.sum()))

    def probability_of(self, characters: str) -> float:
        """Return the probability that it is one of some characters."""
        chosen = [CHARACTERS.index(each) for each in characters]
        return min(1.0, float(self.probabilities[chosen].sum()))

    @cached_property
    def is_mark(self) -> bool:
        """Whether it is a mark rather than a digit, if it is a character."""
        digits = self.probabilities[:DIGIT_CLASSES]
        return bool(self.probabilities[DIGIT_CLASSES:].sum() > digits.sum())


def box_around(characters: list[Character]) -> Box:
    """Return the smallest box around all characters, of which there is at least one."""
    boxes = [character.box for character in characters]
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )
