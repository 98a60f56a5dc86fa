"""From ink to shapes: what belongs together, in the order in which it is read."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tendigits.pictures.ink import Ink, Mask

# Parts lower than this share of the largest shape's height are specks, unless they join one.
SMALLEST = 0.25
MOST_SHAPES = 200
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
    """Connected ink: its box, its number of pixels, and the numbers of its components."""

    box: Box
    area: int
    labels: tuple[int, ...]

    def joined(self, other: "_Part") -> "_Part":
        return _Part(self.box.joined(other.box), self.area + other.area, self.labels + other.labels)


def find_shapes(ink: Ink) -> list[Shape]:
    """Return the shapes line by line, each line from left to right; specks are left out."""
    mask = without_rules(ink.mask)
    labels, count = ndimage.label(mask, _TOUCHING)
    parts = _without_frames(_parts(labels, count), mask.shape)
    if not parts:
        return []
    parts = _without_specks(_join(parts), mask.shape)
    lines = _lines(parts)
    ordered = [part for line in lines for part in sorted(line, key=lambda each: each.box.left)]
    return [_shape(part, labels, ink) for part in ordered[:MOST_SHAPES]]


def without_rules(mask: Mask) -> Mask:
    """Return the mask without ruled lines: long, thin, level or upright."""
    kept = mask
    for axis in (0, 1):
        rules = _rules(mask, axis)
        if rules.any():
            kept = kept & ~rules
            # A stroke that crossed a rule is whole again.
            span = [1, 1]
            span[axis] = 2 * _thickness(rules, axis) + 3
            bridged = ndimage.binary_closing(kept, np.ones(span))
            kept = kept | (bridged & rules)
    return kept


def _rules(mask: Mask, axis: int) -> Mask:
    """Return the pixels of thin lines across `axis` from one border of the picture to the other."""
    across = 1 - axis
    length = int(0.9 * mask.shape[across])
    if length < 60:
        return np.zeros_like(mask)
    span = [1, 1]
    span[across] = 9
    joined = ndimage.binary_closing(mask, np.ones(span))
    span[across] = length
    long = ndimage.binary_opening(joined, np.ones(span))
    if not long.any():
        return np.zeros_like(mask)
    labels, count = ndimage.label(long, _TOUCHING)
    thin = np.zeros(count + 1, dtype=bool)
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        thickness = place[axis].stop - place[axis].start
        thin[number] = thickness <= max(3, mask.shape[axis] // 60)
    return np.asarray(mask & ndimage.binary_dilation(thin[labels], iterations=1))


def _thickness(rules: Mask, axis: int) -> int:
    sums = rules.sum(axis=axis)
    return int(np.median(sums[sums > 0]))


def _parts(labels: NDArray[np.int32], count: int) -> list[_Part]:
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    return [
        _Part(
            Box(place[1].start, place[0].start, place[1].stop, place[0].stop),
            int(areas[number]),
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


def _join(parts: list[_Part]) -> list[_Part]:
    """Join strokes of one digit: one above the other, or a small part close to a large one."""
    tallest = max(part.box.size for part in parts)
    joined: list[_Part] = []
    for part in sorted(parts, key=lambda each: -each.box.size):
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
    overlap = min(a.right, b.right) - max(a.left, b.left)
    between = (
        max(a.left, b.left) - min(a.right, b.right),
        max(a.top, b.top) - min(a.bottom, b.bottom),
    )
    inside = between[0] < 0 and between[1] < 0
    if inside:
        return True
    above = overlap >= 0.4 * min(a.width, b.width) and between[1] <= 0.25 * a.size
    # In a picture as small as a frame, a stroke that is apart is a pixel apart.
    close = max(0.12 * a.size, 2.0 if a.size < 20 else 0.0)
    beside = (
        (b.size <= 0.5 * a.size or a.size < 12)
        and max(between) <= close
        and (b.height < 0.6 * a.height or a.size < 12)
    )
    whole = above and (b.height < 0.7 * a.height or between[1] <= 0.05 * a.size)
    return whole or beside


def _without_specks(parts: list[_Part], shape: tuple[int, ...]) -> list[_Part]:
    """Leave out what is far lower than the rest, or cut off by the border and lower."""
    tallest = max(part.box.size for part in parts)
    sizes = np.array([part.box.size for part in parts if part.box.size > SMALLEST * tallest])
    typical = float(np.median(sizes))
    return [
        part
        for part in parts
        if part.box.size >= (0.75 if _is_cut(part.box, shape) else 0.35) * typical
    ]


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
