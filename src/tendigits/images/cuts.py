"""From a shape that may be several digits that touch to the ways in which it can be cut."""

import numpy as np
from scipy import ndimage

from tendigits.images.segment import Box, Shape

# A shape this many times as wide as high, or more, may be two digits.
WIDE = 0.9
MOST_CUTS = 5


def ways_to_cut(shape: Shape) -> list[tuple[Shape, Shape]]:
    """Return pairs of a left and a right part, cut where the least ink is; the likeliest first."""
    if shape.box.width < WIDE * shape.box.height or shape.box.width < 8:
        return []
    ink = ndimage.gaussian_filter1d(shape.ink.sum(axis=0), max(1, shape.box.width / 60))
    # Digits are about as wide as each other: a cut near a border costs more.
    place = np.linspace(-1, 1, len(ink))
    cost = ink / (ink.max() + 1e-9) + 0.3 * place**2
    lowest = cost <= ndimage.minimum_filter1d(cost, max(3, len(ink) // 12))
    lowest &= np.abs(place) < 0.75
    columns = sorted(np.flatnonzero(lowest), key=lambda column: cost[column])[:MOST_CUTS]
    return [_cut(shape, int(column)) for column in columns]


def _cut(shape: Shape, column: int) -> tuple[Shape, Shape]:
    return _part(shape, 0, column), _part(shape, column, shape.box.width)


def _part(shape: Shape, left: int, right: int) -> Shape:
    """Return the columns from `left` to `right`, without the paper around their ink."""
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
