"""Characters into lines, from top to bottom, and from left to right within a line."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tendigits.images import percentile
from tendigits.reading.alignment import Alignment, align
from tendigits.reading.characters import Character
from tendigits.reading.marks import without_misplaced_marks

# The smallest overlap of a digit with its line; neighbouring lines may overlap by less.
OVERLAP = 0.4


@dataclass(frozen=True, eq=False)
class Line:
    """The characters of one line, from left to right.

    Attributes:
        indices: which of all characters they are.
        characters: the characters; marks that are out of place have the probability 0.
        height: the median height of the digits, in pixels.
        slope: how far the lines of the page fall per pixel to the right.
    """

    indices: tuple[int, ...]
    characters: tuple[Character, ...]
    height: float
    slope: float

    @cached_property
    def widest(self) -> int:
        """The width of its widest character, in pixels."""
        return max(each.box.width for each in self.characters)


def find_lines(characters: Sequence[Character]) -> list[Line]:
    """Return all characters in lines, whatever their probability."""
    if not characters:
        return []
    boxes = [(each.box.left, each.box.top, each.box.right, each.box.bottom) for each in characters]
    alignment = align(np.array(boxes, float), _likely(characters), OVERLAP)
    return [_line(characters, indices, alignment) for indices in alignment.lines]


def _line(characters: Sequence[Character], indices: Sequence[int], alignment: Alignment) -> Line:
    members = [characters[index] for index in indices]
    height = percentile(np.array([members[each].box.height for each in _likely(members)]), 50)
    placed = without_misplaced_marks(members, alignment.boxes[list(indices)], height)
    return Line(tuple(indices), tuple(placed), height, alignment.view.slope)


def _likely(characters: Sequence[Character]) -> set[int]:
    """Return which characters give a line its height: digits, more probable than not."""
    digits = {at for at, each in enumerate(characters) if not each.is_mark}
    likely = {at for at in digits if characters[at].probability >= 0.5}
    return likely or digits or set(range(len(characters)))
