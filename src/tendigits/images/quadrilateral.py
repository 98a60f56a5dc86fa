"""Figures of four corners: sheets on a table, frames around digits."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tendigits.images.paper import Mask

# A figure has four corners if it shares so much of its area with one that has.
FOUR_CORNERED = 0.86


def quadrilateral_of(figure: Mask) -> Mask | None:
    """Return what lies within the four corners of a figure; None where it has not four.

    Args:
        figure: (h, w), one figure without holes.
    """
    quadrilateral = _inside(_corners(figure), figure.shape)
    shared = (figure & quadrilateral).sum() / (figure | quadrilateral).sum()
    return quadrilateral if shared >= FOUR_CORNERED else None


def _corners(figure: Mask) -> NDArray[np.intp]:
    """Return the four corners (4, 2) of a figure that has four, going round.

    Two are the points farthest from each other, the others those farthest from their line.
    """
    points = np.argwhere(figure & ~ndimage.binary_erosion(figure))
    first = points[np.hypot(*(points - points.mean(axis=0)).T).argmax()]
    opposite = points[np.hypot(*(points - first).T).argmax()]
    first = points[np.hypot(*(points - opposite).T).argmax()]
    (y, x), (dy, dx) = (points - first).T, opposite - first
    beside = dx * y - dy * x
    return np.array([first, points[beside.argmax()], opposite, points[beside.argmin()]])


def _inside(corners: NDArray[np.intp], shape: tuple[int, ...]) -> Mask:
    """Return the mask of the figure with these corners, which go round either way."""
    rows, columns = np.indices(shape)
    sides = [
        (to_x - x) * (rows - y) - (to_y - y) * (columns - x)
        for (y, x), (to_y, to_x) in zip(corners, np.roll(corners, -1, axis=0), strict=True)
    ]
    signs = np.array(sides)
    return np.asarray((signs >= 0).all(axis=0) | (signs <= 0).all(axis=0))
