"""The skeleton of a shape: the lines in its middle, as points and the edges between them.

Source: T. Y. Zhang, C. Y. Suen, "A fast parallel algorithm for thinning digital patterns" (1984).
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

_SMOOTHINGS = 3
# The bit of each neighbour in the code of a pixel, clockwise from the one above.
_BITS = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.float32)


def thin(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the skeleton of a mask (h, w)."""
    image = mask.astype(np.uint8)
    left, before = cv2.countNonZero(image), -1
    while left != before:
        for kept in _kept():
            codes = cv2.filter2D(image, -1, _BITS, borderType=cv2.BORDER_CONSTANT)
            image &= np.asarray(cv2.LUT(codes, kept))
        left, before = cv2.countNonZero(image), left
    return image.astype(bool)


def trace(skeleton: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Return the pixels of a skeleton (h, w) as smoothed points, and the edges between them.

    Returns:
        (n, 2) float64, x and y of the points; (m, 2) int32, the connected pairs of points.
    """
    edges = _edges(skeleton)
    rows, columns = np.nonzero(skeleton)
    points = np.stack([columns, rows], axis=1).astype(np.float64)
    degree = np.bincount(edges.ravel(), minlength=len(points))
    inner = degree > 1
    ends, others = edges.T.ravel(), edges.T[::-1].ravel()
    for _ in range(_SMOOTHINGS):
        total = np.stack([np.bincount(ends, axis[others], len(points)) for axis in points.T], 1)
        points[inner] = (points[inner] + total[inner] / degree[inner, None]) / 2
    if not len(edges):
        edges = np.zeros((1, 2), np.int32)  # a dot: a line from a point to itself
    return points, edges


def _edges(skeleton: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return the pairs of neighbours; diagonal ones only where no third pixel connects them."""
    index = np.full((skeleton.shape[0] + 2, skeleton.shape[1] + 2), -1, np.int32)
    rows, columns = np.nonzero(skeleton)
    index[rows + 1, columns + 1] = np.arange(len(rows))
    here, right, below = index[1:-1, 1:-1], index[1:-1, 2:], index[2:, 1:-1]
    left, below_right, below_left = index[1:-1, :-2], index[2:, 2:], index[2:, :-2]
    return np.concatenate(
        [
            _pairs(here, right, (here >= 0) & (right >= 0)),
            _pairs(here, below, (here >= 0) & (below >= 0)),
            _pairs(here, below_right, (here >= 0) & (below_right >= 0) & (right < 0) & (below < 0)),
            _pairs(here, below_left, (here >= 0) & (below_left >= 0) & (left < 0) & (below < 0)),
        ]
    )


def _pairs(
    first: NDArray[np.int32], second: NDArray[np.int32], chosen: NDArray[np.bool_]
) -> NDArray[np.int32]:
    return np.stack([first[chosen], second[chosen]], axis=1)


@cache
def _kept() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return for each code of neighbours whether the pixel is kept, in each half of a pass."""
    first, second = np.ones(256, np.uint8), np.ones(256, np.uint8)
    for code in range(256):
        ring = [code >> bit & 1 for bit in range(8)]
        changes = sum(ring[bit] == 0 and ring[(bit + 1) % 8] == 1 for bit in range(8))
        if not 2 <= sum(ring) <= 6 or changes != 1:
            continue
        above, right, below, left = ring[0], ring[2], ring[4], ring[6]
        first[code] = (above and right and below) or (right and below and left)
        second[code] = (above and right and left) or (above and below and left)
    return first, second
