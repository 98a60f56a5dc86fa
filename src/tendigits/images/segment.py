"""From ink to shapes: what belongs together, in the order in which it is read."""

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tendigits.images.decode import SMALL
from tendigits.images.form_fields import without_fields
from tendigits.images.ink import Ink
from tendigits.images.rules import without_rules

# Parts lower than this share of the largest shape's height are specks, unless they join one.
SMALLEST = 0.25
MOST_SHAPES = 200
# A picture of grain falls into thousands of parts; the largest are looked at.
MOST_PARTS = 500
_TOUCHING = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True)
class Box:
    """A box in pixels: from `left` and `top`, up to but not including `right` and `bottom`."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Its width."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Its height."""
        return self.bottom - self.top

    @property
    def size(self) -> int:
        """Its longer side."""
        return max(self.width, self.height)

    def joined(self, other: "Box") -> "Box":
        """Return the smallest box around both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


@dataclass(frozen=True, eq=False)
class Shape:
    """Ink that belongs together.

    Attributes:
        box: where it is in the picture.
        ink: (box height, box width) float32, its levels from 0 to 1; other shapes' ink left out.
    """

    box: Box
    ink: NDArray[np.float32]


@dataclass(frozen=True)
class _Part:
    """Connected ink.

    Attributes:
        box: where it is.
        area: its number of pixels.
        amount: the sum of their levels.
        labels: the numbers of its components.
    """

    box: Box
    area: int
    amount: float
    labels: tuple[int, ...]

    @property
    def level(self) -> float:
        """How dark it is on average."""
        return self.amount / self.area

    def joined(self, other: "_Part") -> "_Part":
        """Return both as one."""
        return _Part(
            self.box.joined(other.box),
            self.area + other.area,
            self.amount + other.amount,
            self.labels + other.labels,
        )


def find_shapes(ink: Ink) -> list[Shape]:
    """Return the shapes line by line, each line from left to right; specks are left out."""
    mask = without_rules(without_fields(ink.mask))
    labels, count = ndimage.label(mask, _TOUCHING)
    parts = _without_frames(_parts(labels, count, ink), mask.shape)
    if not parts:
        return []
    parts = _without_specks(_join(parts, mask.shape), mask.shape)
    lines = _lines(parts)
    ordered = [part for line in lines for part in sorted(line, key=lambda each: each.box.left)]
    return [_shape(part, labels, ink) for part in ordered[:MOST_SHAPES]]


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


def _without_frames(parts: list[_Part], shape: tuple[int, ...]) -> list[_Part]:
    """Leave out what runs along the picture's border, as long as something else is there."""
    height, width = shape
    kept = [part for part in parts if not _is_frame(part, height, width)]
    return kept or ([] if len(parts) > 1 else parts)


def _is_frame(part: _Part, height: int, width: int) -> bool:
    box = part.box
    sides = (box.left == 0) + (box.top == 0) + (box.right == width) + (box.bottom == height)
    if sides == 0 or min(height, width) < 64:
        return False
    hollow = part.area < 0.3 * box.width * box.height
    spans = box.width > 0.8 * width and box.height > 0.8 * height
    flat = sides >= 1 and min(box.width / width, box.height / height) < 0.03
    return (spans and hollow and sides >= 2) or flat or (sides >= 2 and not hollow)


def _join(parts: list[_Part], shape: tuple[int, ...]) -> list[_Part]:
    """Join strokes of one digit: one above the other, or a small part close to a large one."""
    if max(shape) <= SMALL:  # it holds one digit, however broken its strokes
        return [reduce(_Part.joined, parts)]
    tallest = max(part.box.size for part in parts)
    joined: list[_Part] = []
    for part in sorted(parts, key=lambda each: -each.box.size)[:MOST_PARTS]:
        if part.box.size < 0.04 * tallest and part.area < 0.002 * tallest**2:
            continue
        home = next((at for at, other in enumerate(joined) if _belong(other, part)), None)
        if home is None:
            joined.append(part)
        else:
            joined[home] = joined[home].joined(part)
    return joined


def _belong(large: _Part, small: _Part) -> bool:
    """Tell whether a part is a stroke of a larger one."""
    a, b = large.box, small.box
    aside = max(a.left, b.left) - min(a.right, b.right)  # below zero they overlap
    apart = max(a.top, b.top) - min(a.bottom, b.bottom)
    narrower = min(a.width, b.width)
    is_lower = b.height < 0.7 * a.height
    # The boxes of slanted neighbours overlap, too, but not by much.
    if apart < 0 and -aside >= (0 if is_lower else 0.6 * narrower):
        return True
    above = -aside >= 0.4 * narrower and apart >= 0
    if above and apart <= (0.25 if is_lower else 0.05) * a.size:
        return True
    is_short = b.size <= 0.5 * a.size and b.height < 0.6 * a.height
    return is_short and max(aside, apart) <= 0.12 * a.size


def _without_specks(parts: list[_Part], shape: tuple[int, ...]) -> list[_Part]:
    """Leave out what is far smaller than the rest, or cut off by the border and small or faint."""
    tallest = max(part.box.size for part in parts)
    large = [part for part in parts if part.box.size > SMALLEST * tallest]
    size = float(np.median([part.box.size for part in large]))
    level = float(np.median([part.level for part in large]))

    def stays(part: _Part) -> bool:
        if _is_cut(part.box, shape):
            return part.box.size >= 0.75 * size and part.level >= 0.6 * level
        return part.box.size >= 0.35 * size

    return [part for part in parts if stays(part)]


def _is_cut(box: Box, shape: tuple[int, ...]) -> bool:
    return box.left == 0 or box.top == 0 or box.right == shape[1] or box.bottom == shape[0]


def _lines(parts: list[_Part]) -> list[list[_Part]]:
    """Group parts whose heights overlap into lines, from the top one down."""
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
    """Tell whether a part stands at the height of its nearest neighbour on a line."""
    middle = part.box.left + part.box.right
    near = min(line, key=lambda each: abs(each.box.left + each.box.right - middle)).box
    overlap = min(near.bottom, part.box.bottom) - max(near.top, part.box.top)
    return overlap >= 0.4 * min(near.height, part.box.height)


def _shape(part: _Part, labels: NDArray[np.int32], ink: Ink) -> Shape:
    box = part.box
    place = np.s_[box.top : box.bottom, box.left : box.right]
    own = np.isin(labels[place], part.labels)
    # The soft edge of a stroke lies outside the mask and belongs to it.
    edge = ndimage.binary_dilation(own, _TOUCHING) & (labels[place] == 0)
    return Shape(box, np.where(own | edge, ink.levels[place], 0).astype(np.float32))
