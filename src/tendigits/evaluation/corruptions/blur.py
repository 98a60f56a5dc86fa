"""Seen through frosted glass, or in motion."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tendigits.data import IMAGE_SIZE
from tendigits.evaluation.corruptions.resample import affine, resample

Images = NDArray[np.float32]
_DIRECTIONS = 16


def glass_blur(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Let light stray on its way: pixels show one beside them, then all is softened."""
    straying, passes = ((0.4, 1), (0.7, 1), (1.0, 1), (1.0, 2), (1.0, 3))[strength - 1]
    number, rows, columns = np.indices(images.shape, np.int16)
    for _ in range(passes):
        strays = random.random(images.shape, np.float32) < straying
        down, right = random.integers(-1, 2, (2, *images.shape), np.int16) * strays
        row = np.clip(rows + down, 0, IMAGE_SIZE - 1)
        column = np.clip(columns + right, 0, IMAGE_SIZE - 1)
        images = images[number, row, column]
    softened: Images = ndimage.gaussian_filter(images, (0, 0.5, 0.5))
    return softened


def motion_blur(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Smear the digits along a line of random direction."""
    length = (3, 4, 5, 6, 8)[strength - 1]
    offsets = np.arange(length) - (length - 1) / 2
    smears = []
    for angle in np.arange(_DIRECTIONS) * np.pi / _DIRECTIONS:
        steps = [(o * np.sin(angle), o * np.cos(angle)) for o in offsets]
        smears.append(sum(affine(np.eye(2), step) for step in steps) / length)
    return resample(images, smears, random)
