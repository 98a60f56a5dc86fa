"""From a shape to its frame: the 28x28 image for the network, normalised as in MNIST."""

import cv2
import numpy as np
from numpy.typing import NDArray

from tendigits.images.ink import percentile

SIZE = 28
INNER = 20
# The centre of mass of every MNIST digit is at this row and column, rounded.
MIDDLE = 14
# 95 % of the strokes in MNIST are 1.5 to 3.4 pixels wide; thinner ones are widened to this.
THINNEST = 1.4
# Strokes are measured and widened in a copy of the shape of this size, in pixels.
WORKING = 4 * INNER


def make_frame(ink: NDArray[np.float32], *, widen: bool = True) -> NDArray[np.uint8]:
    """Return ink (h, w) in [0, 1] as a frame (28, 28) uint8, 0 for paper and 255 for full ink.

    The ink is scaled to 20 pixels on its longer side, keeps its grey levels, and is placed with
    its centre of mass in the middle. Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database
    of handwritten digits".

    Args:
        ink: (h, w) float32.
        widen: whether strokes that are thinner than those of MNIST are widened.
    """
    ink = _widened(ink) if widen else ink
    return _centred(np.clip(_resized(ink, INNER / max(ink.shape)), 0, 1))


def _resized(ink: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    # AREA averages over all pixels; LANCZOS keeps the edges of enlarged strokes smooth and sharp.
    if scale <= 1:
        method = cv2.INTER_AREA
    else:
        method = cv2.INTER_LINEAR if scale <= 1.2 else cv2.INTER_LANCZOS4
    return np.asarray(cv2.resize(ink, (width, height), interpolation=method), np.float32)


def stroke_width(ink: NDArray[np.float32]) -> float:
    """Return the median width of the strokes along their length, in pixels."""
    mask = np.pad(ink > 0.5, 1)
    if not mask.any():
        return 0.0
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    depth = np.sqrt(np.rint(depth**2))  # OpenCV's last bits differ from call to call
    ridge = mask & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)))
    return float(2 * percentile(depth[ridge], 50) - 1)


def _widened(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the ink with strokes that are wide enough for the frame, unchanged if they are."""
    working = _resized(ink, WORKING / max(ink.shape))
    working = working / max(working.max(), np.float32(1e-6))  # thin strokes become faint in it
    radius = (THINNEST * WORKING / INNER - stroke_width(working)) / 2
    if radius < 0.5:
        return ink
    margin = int(np.ceil(radius))
    reach = np.arange(-margin, margin + 1)
    disk = np.hypot(*np.meshgrid(reach, reach)) <= radius + 0.25
    return np.asarray(cv2.dilate(np.pad(working, margin), disk.astype(np.uint8)), np.float32)


def _centred(small: NDArray[np.float32]) -> NDArray[np.uint8]:
    total = float(small.sum())
    frame = np.zeros((SIZE, SIZE), np.float32)
    if not total:
        return frame.astype(np.uint8)
    rows, columns = (np.arange(side) for side in small.shape)
    by_row, by_column = (small.sum(axis=axis, dtype=np.float64) for axis in (1, 0))
    centre = np.array([rows @ by_row, by_column @ columns]) / total
    top, left = np.round(MIDDLE - centre).astype(int)
    top, left = (
        int(np.clip(at, 0, SIZE - side)) for at, side in zip((top, left), small.shape, strict=True)
    )
    frame[top : top + small.shape[0], left : left + small.shape[1]] = small
    return (frame * 255).round().astype(np.uint8)
