"""What a finder learns from a page: maps with a value for each of its cells.

Source of the heat map: X. Zhou, D. Wang, P. Krähenbühl, "Objects as Points" (2019).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.data.pages.page import Page
from tendigits.images.finder import STRIDE

BOX_UNIT = 16.0  # pixels
# The heat falls to exp(-1/2) at this fraction of a box from its middle, or at this many cells.
_SPREAD, _LEAST_SPREAD = 0.1, 0.7
_OWNED = 0.3  # cells with at least this heat belong to a character


@dataclass(frozen=True, eq=False)
class Targets:
    """The targets of a page, on cells of 4x4 pixels.

    Attributes:
        heat: (h, w) float32, 1 in the middle of each character, falling to 0 around it.
        weight: (h, w) float32, 0 where the heat is not to be learned, else 1.
        classes: (h, w) int64, the class of the character that a cell belongs to; -1 for none.
        boxes: (4, h, w) float32, the distances from a cell's middle to the left, top, right and
            bottom of its character, in units of 16 pixels.
    """

    heat: NDArray[np.float32]
    weight: NDArray[np.float32]
    classes: NDArray[np.int64]
    boxes: NDArray[np.float32]


def make_targets(page: Page) -> Targets:
    """Return the targets of a page."""
    height, width = (side // STRIDE for side in page.picture.shape)
    heat = np.zeros((height, width), np.float32)
    weight = np.ones((height, width), np.float32)
    classes = np.full((height, width), -1, np.int64)
    boxes = np.zeros((4, height, width), np.float32)
    rows, columns = _middles(height), _middles(width)
    for left, top, right, bottom in page.ignored:
        weight[_cells(top, bottom, height), _cells(left, right, width)] = 0
    for box, label in zip(page.boxes, page.classes, strict=True):
        left, top, right, bottom = box
        here = np.outer(_bump(rows, top, bottom), _bump(columns, left, right))
        owned = (here > _OWNED) & (here >= heat)
        np.maximum(heat, here, out=heat)
        classes[owned] = label
        at_rows, at_columns = np.nonzero(owned)
        boxes[:, at_rows, at_columns] = (
            np.stack(
                [
                    columns[at_columns] - left,
                    rows[at_rows] - top,
                    right - columns[at_columns],
                    bottom - rows[at_rows],
                ]
            )
            / BOX_UNIT
        )
    weight[heat > _OWNED] = 1
    return Targets(heat, weight, classes, boxes)


def _middles(count: int) -> NDArray[np.float32]:
    """Return where the middles of `count` cells are, in pixels."""
    middles: NDArray[np.float32] = (np.arange(count, dtype=np.float32) + np.float32(0.5)) * STRIDE
    return middles


def _bump(at: NDArray[np.float32], low: float, high: float) -> NDArray[np.float32]:
    """Return a bell around the middle of [low, high], 1 in the cell that contains the middle."""
    middle = (low + high) / 2
    spread = max(_SPREAD * (high - low), _LEAST_SPREAD * STRIDE)
    bump: NDArray[np.float32] = np.exp(-0.5 * ((at - middle) / spread) ** 2)
    bump[min(max(int(middle / STRIDE), 0), len(at) - 1)] = 1
    return bump


def _cells(low: float, high: float, count: int) -> slice:
    return slice(max(0, int(low / STRIDE)), min(count, int(np.ceil(high / STRIDE))))
