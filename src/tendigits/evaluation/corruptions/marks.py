"""Marks upon the digits: splashes, dotted lines, zigzags."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tendigits.data import IMAGE_SIZE

Images = NDArray[np.float32]
Points = NDArray[np.float64]


def spatter(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Splash ink: the peaks of smooth noise, cut off at a level."""
    covered = (0.04, 0.08, 0.12, 0.17, 0.22)[strength - 1]
    noise = ndimage.gaussian_filter(random.standard_normal(images.shape, np.float32), (0, 1.5, 1.5))
    level = np.quantile(noise, 1 - covered)
    splashes = np.clip((noise - level) / noise.std() * 4, 0, 1)
    splashed: Images = np.maximum(images, splashes)
    return splashed


def dotted_line(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Lay dotted straight lines over the digits, one more for each strength."""
    for _ in range(strength):
        start, end = _across(len(images), random)
        images = _dabbed(images, _between(start, end, np.linspace(0, 1, 11)), width=2)
    return images


def zigzag(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Lay zigzag lines over the digits, one more for each strength."""
    for _ in range(strength):
        start, end = _across(len(images), random)
        along = np.linspace(0, 1, 60)
        swing = 2.5 * (2 * np.abs(2 * (5 * along % 1) - 1) - 1)
        sideways = (end - start)[:, ::-1] * np.array([-1, 1])
        sideways /= np.linalg.norm(sideways, axis=1, keepdims=True)
        points = _between(start, end, along) + sideways[:, np.newaxis] * swing[:, np.newaxis]
        images = _dabbed(images, points, width=1)
    return images


def _across(count: int, random: np.random.Generator) -> tuple[Points, Points]:
    """Return starts and ends (count, 2) of lines through the middle part of the picture."""
    angle = random.uniform(0, np.pi, count)
    direction = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    middle = IMAGE_SIZE / 2 + random.uniform(-6, 6, (count, 2))
    reach = IMAGE_SIZE / 2
    return middle - reach * direction, middle + reach * direction


def _between(start: Points, end: Points, along: Points) -> Points:
    """Return points (n, k, 2) at shares `along` (k,) of the ways from start to end (n, 2)."""
    return start[:, np.newaxis] + (end - start)[:, np.newaxis] * along[:, np.newaxis]


def _dabbed(images: Images, points: Points, width: int) -> Images:
    """Return the images with dabs of ink, `width` pixels wide, at points (n, k, 2)."""
    dabbed = images.copy()
    number = np.arange(len(images))[:, np.newaxis]
    for offset in np.ndindex(width, width):
        row, column = np.moveaxis(np.floor(points).astype(np.int64) + offset, -1, 0)
        inside = (row >= 0) & (row < IMAGE_SIZE) & (column >= 0) & (column < IMAGE_SIZE)
        dabbed[np.broadcast_to(number, row.shape)[inside], row[inside], column[inside]] = 1
    return dabbed
