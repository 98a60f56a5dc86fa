"""From ink to shapes: the connected strokes of each digit, in reading order."""

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tendigits.images.box import Box
from tendigits.images.ink import Ink
from tendigits.images.paper import SMALL
from tendigits.images.printed_lines import without_fields, without_rules

# Parts smaller than this fraction of the largest one are not used to find the typical size.
SMALLEST = 0.25
MAX_SHAPES = 200
# Pictures of noise have thousands of parts; only the largest are used.
MAX_PARTS = 500
# A shape at least this wide, as a fraction of its height, may be two touching digits.
WIDE = 0.9
MAX_CUTS = 5
_NEIGHBOURS = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True, eq=False)
class Shape:
    """The ink of one digit, or of several touching ones.

    Attributes:
        box: where it is in the picture.
        ink: (height, width) float32, its levels from 0 to 1, without the ink of other shapes.
    """

    box: Box
    ink: NDArray[np.float32]


@dataclass(frozen=True)
class _Part:
    """One or several connected components.

    Attributes:
        box: where they are in the picture.
        area: the number of their pixels.
        amount: the sum of their ink levels.
        labels: the labels of the components.
    """

    box: Box
    area: int
    amount: float
    labels: tuple[int, ...]

    @property
    def level(self) -> float:
        """The mean ink level."""
        return self.amount / self.area

    def joined(self, other: "_Part") -> "_Part":
        """Return both as one part."""
        return _Part(
            _joined(self.box, other.box),
            self.area + other.area,
            self.amount + other.amount,
            self.labels + other.labels,
        )


def find_shapes(ink: Ink) -> list[Shape]:
    """Return the shapes line by line, each line from left to right, without specks and rules."""
    mask = without_rules(without_fields(ink.mask))
    labels, count = ndimage.label(mask, _NEIGHBOURS)
    parts = _without_borders(_parts(labels, count, ink), mask.shape)
    if not parts:
        return []
    parts = _without_specks(_join(parts, mask.shape), mask.shape)
    lines = _lines(parts)
    ordered = [part for line in lines for part in sorted(line, key=lambda each: each.box.left)]
    return [_shape(part, labels, ink) for part in ordered[:MAX_SHAPES]]


def _parts(labels: NDArray[np.int32], count: int, ink: Ink) -> list[_Part]:
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    amounts = np.bincount(labels.ravel(), weights=ink.levels.ravel(), minlength=count + 1)
    return [
        _Part(
            Box(place[1].start, place[0].start, place[1].stop, place[0].stop),
            int(areas[number]),
            float(amounts[number]),
            (number,),
        )
        for number, place in enumerate(ndimage.find_objects(labels), start=1)
        if areas[number] >= 3
    ]


def _without_borders(parts: list[_Part], shape: tuple[int, ...]) -> list[_Part]:
    """Return the parts without those along the picture's border; a single part is kept."""
    height, width = shape
    kept = [part for part in parts if not _is_border(part, height, width)]
    return kept or ([] if len(parts) > 1 else parts)


def _is_border(part: _Part, height: int, width: int) -> bool:
    box = part.box
    sides = (box.left == 0) + (box.top == 0) + (box.right == width) + (box.bottom == height)
    if sides == 0 or min(height, width) < 64:
        return False
    hollow = part.area < 0.3 * box.width * box.height
    spans = box.width > 0.8 * width and box.height > 0.8 * height
    flat = min(box.width / width, box.height / height) < 0.03
    return (spans and hollow and sides >= 2) or flat or (sides >= 2 and not hollow)


def _join(parts: list[_Part], shape: tuple[int, ...]) -> list[_Part]:
    """Join the strokes of each digit: one above the other, or a small one close to a large one."""
    if max(shape) <= SMALL:  # a single digit, even if its strokes are broken
        return [reduce(_Part.joined, parts)]
    tallest = max(_size(part.box) for part in parts)
    joined: list[_Part] = []
    for part in sorted(parts, key=lambda each: -_size(each.box))[:MAX_PARTS]:
        if _size(part.box) < 0.04 * tallest and part.area < 0.002 * tallest**2:
            continue
        home = next((at for at, other in enumerate(joined) if _belong(other, part)), None)
        if home is None:
            joined.append(part)
        else:
            joined[home] = joined[home].joined(part)
    return joined


def _belong(large: _Part, small: _Part) -> bool:
    """Return whether a part belongs to the same digit as a larger one."""
    a, b = large.box, small.box
    aside = max(a.left, b.left) - min(a.right, b.right)  # negative if they overlap
    apart = max(a.top, b.top) - min(a.bottom, b.bottom)
    narrower = min(a.width, b.width)
    is_lower = b.height < 0.7 * a.height
    # The boxes of slanted neighbours overlap as well, but only a little.
    if apart < 0 and -aside >= (0 if is_lower else 0.6 * narrower):
        return True
    above = -aside >= 0.4 * narrower and apart >= 0
    if above and apart <= (0.25 if is_lower else 0.05) * _size(a):
        return True
    is_short = _size(b) <= 0.5 * _size(a) and b.height < 0.6 * a.height
    return is_short and max(aside, apart) <= 0.12 * _size(a)


def _without_specks(parts: list[_Part], shape: tuple[int, ...]) -> list[_Part]:
    """Return the parts without very small ones, and without faint ones at the border."""
    tallest = max(_size(part.box) for part in parts)
    large = [part for part in parts if _size(part.box) > SMALLEST * tallest]
    size = float(np.median([_size(part.box) for part in large]))
    level = float(np.median([part.level for part in large]))

    def is_kept(part: _Part) -> bool:
        if _is_cut(part.box, shape):
            return _size(part.box) >= 0.75 * size and part.level >= 0.6 * level
        return _size(part.box) >= 0.35 * size

    return [part for part in parts if is_kept(part)]


def _is_cut(box: Box, shape: tuple[int, ...]) -> bool:
    return box.left == 0 or box.top == 0 or box.right == shape[1] or box.bottom == shape[0]


def _lines(parts: list[_Part]) -> list[list[_Part]]:
    """Group parts that overlap vertically into lines, from top to bottom."""
    lines: list[list[_Part]] = []
    for part in sorted(parts, key=lambda each: -each.box.height):
        home = next((line for line in lines if _on_line(line, part)), None)
        if home is None:
            lines.append([part])
        else:
            home.append(part)
    return sorted(
        lines, key=lambda line: np.mean([each.box.top + each.box.bottom for each in line])
    )


def _on_line(line: list[_Part], part: _Part) -> bool:
    """Return whether a part overlaps vertically with its nearest neighbour on a line."""
    middle = part.box.left + part.box.right
    near = min(line, key=lambda each: abs(each.box.left + each.box.right - middle)).box
    overlap = min(near.bottom, part.box.bottom) - max(near.top, part.box.top)
    return overlap >= 0.4 * min(near.height, part.box.height)


def _shape(part: _Part, labels: NDArray[np.int32], ink: Ink) -> Shape:
    box = part.box
    place = np.s_[box.top : box.bottom, box.left : box.right]
    own = np.isin(labels[place], part.labels)
    # The soft edge of a stroke is outside the mask, but belongs to the stroke.
    edge = ndimage.binary_dilation(own, _NEIGHBOURS) & (labels[place] == 0)
    return Shape(box, np.where(own | edge, ink.levels[place], 0).astype(np.float32))


def find_cuts(shape: Shape) -> list[tuple[Shape, Shape]]:
    """Return pairs of a left and a right part, cut where there is least ink; best first."""
    if shape.box.width < WIDE * shape.box.height or shape.box.width < 8:
        return []
    ink = ndimage.gaussian_filter1d(shape.ink.sum(axis=0), max(1, shape.box.width / 60))
    # Digits have similar widths: a cut far from the middle costs more.
    place = np.linspace(-1, 1, len(ink))
    cost = ink / (ink.max() + 1e-9) + 0.3 * place**2
    lowest = cost <= ndimage.minimum_filter1d(cost, max(3, len(ink) // 12))
    lowest &= np.abs(place) < 0.75
    columns = sorted(np.flatnonzero(lowest), key=lambda column: cost[column])[:MAX_CUTS]
    return [_cut(shape, int(column)) for column in columns]


def _cut(shape: Shape, column: int) -> tuple[Shape, Shape]:
    return _part(shape, 0, column), _part(shape, column, shape.box.width)


def _part(shape: Shape, left: int, right: int) -> Shape:
    """Return the columns from `left` to `right`, cropped to their ink."""
    ink = shape.ink[:, left:right]
    marked = ink > 0.2
    if not marked.any():
        return Shape(shape.box, ink)
    rows, columns = (np.flatnonzero(marked.any(axis=axis)) for axis in (1, 0))
    box = Box(
        shape.box.left + left + int(columns[0]),
        shape.box.top + int(rows[0]),
        shape.box.left + left + int(columns[-1]) + 1,
        shape.box.top + int(rows[-1]) + 1,
    )
    return Shape(box, ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def _size(box: Box) -> int:
    """Return the longer side in pixels."""
    return max(box.width, box.height)


def _joined(a: Box, b: Box) -> Box:
    """Return the smallest box around both."""
    return Box(
        min(a.left, b.left), min(a.top, b.top), max(a.right, b.right), max(a.bottom, b.bottom)
    )
