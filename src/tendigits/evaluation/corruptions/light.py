"""Too much light, a stripe in negative, fog."""

import numpy as np
from numpy.typing import NDArray

from tendigits.data import IMAGE_SIZE

Images = NDArray[np.float32]
_OCTAVES = (2, 4, 8, 16)


def brightness(images: Images, strength: int, random: np.random.Generator) -> Images:  # noqa: ARG001
    """Raise every grey level."""
    return images + np.float32((0.15, 0.25, 0.35, 0.45, 0.6)[strength - 1])


def stripe(images: Images, strength: int, random: np.random.Generator) -> Images:  # noqa: ARG001
    """Invert an upright stripe through the middle."""
    half = (1, 2, 3, 4, 5)[strength - 1]
    middle = slice(IMAGE_SIZE // 2 - half, IMAGE_SIZE // 2 + half)
    striped = images.copy()
    striped[:, :, middle] = 1 - striped[:, :, middle]
    return striped


def fog(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Lay haze over the digits: noise that is the weaker the finer it is."""
    density = np.float32((0.3, 0.5, 0.75, 1.0, 1.5)[strength - 1])
    haze = np.sum([_smooth(cells, len(images), random) / cells for cells in _OCTAVES], axis=0)
    haze -= haze.min(axis=(1, 2), keepdims=True)
    haze /= haze.max(axis=(1, 2), keepdims=True)
    fogged: Images = (images + density * haze) / (1 + density)
    return fogged


def _smooth(cells: int, count: int, random: np.random.Generator) -> Images:
    """Return noise (count, 28, 28) of cells * cells patches, bilinearly interpolated."""
    at = np.linspace(0, cells, IMAGE_SIZE)
    near = np.maximum(0, 1 - np.abs(at[:, np.newaxis] - np.arange(cells + 1))).astype(np.float32)
    corners = random.standard_normal((count, cells + 1, cells + 1), np.float32)
    noise: Images = near @ corners @ near.T
    return noise
