"""Pixels that are weighted sums of other pixels: one sparse matrix for all images."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tendigits.data import IMAGE_SIZE

Images = NDArray[np.float32]
Weights = Any  # scipy.sparse.csr_array, which is untyped
MIDDLE = (IMAGE_SIZE - 1) / 2


def affine(matrix: NDArray[np.float64], shift: tuple[float, float] = (0.0, 0.0)) -> Weights:
    """Return the weights (784, 784) that take each pixel from elsewhere, bilinearly.

    Args:
        matrix: (2, 2), from a pixel's (row, column), counted from the middle, to its source's.
        shift: added to the source's (row, column).
    """
    rows, columns = np.indices((IMAGE_SIZE, IMAGE_SIZE)).reshape(2, -1) - MIDDLE
    source = matrix @ np.stack([rows, columns]) + np.array(shift)[:, np.newaxis] + MIDDLE
    low = np.floor(source)
    fraction = source - low
    weights = sparse.csr_array((IMAGE_SIZE**2, IMAGE_SIZE**2), dtype=np.float32)
    for down in (0, 1):
        for right in (0, 1):
            row, column = low[0] + down, low[1] + right
            share = np.abs(1 - down - fraction[0]) * np.abs(1 - right - fraction[1])
            weights = weights + _places(row, column, share)
    return weights


def resample(images: Images, variants: list[Weights], random: np.random.Generator) -> Images:
    """Return the images (n, 28, 28), each by one of the variants, drawn at random."""
    chosen = random.integers(len(variants), size=len(images))
    resampled = np.empty_like(images)
    for number, weights in enumerate(variants):
        flat = images[chosen == number].reshape(-1, IMAGE_SIZE**2)
        resampled[chosen == number] = (weights @ flat.T).T.reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    return resampled


def _places(
    row: NDArray[np.float64], column: NDArray[np.float64], share: NDArray[np.float64]
) -> Weights:
    """Return weights with `share` at each pixel's source; outside of the image there is none."""
    inside = (row >= 0) & (row < IMAGE_SIZE) & (column >= 0) & (column < IMAGE_SIZE)
    at = (row * IMAGE_SIZE + column)[inside].astype(np.int64)
    pixels = np.flatnonzero(inside)
    shape = (IMAGE_SIZE**2, IMAGE_SIZE**2)
    return sparse.csr_array((share[inside].astype(np.float32), (pixels, at)), shape=shape)
