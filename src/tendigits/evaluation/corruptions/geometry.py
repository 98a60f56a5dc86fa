"""Sheared, scaled, turned and moved digits, one way or the other at random."""

import numpy as np
from numpy.typing import NDArray

from tendigits.evaluation.corruptions.resample import affine, resample

Images = NDArray[np.float32]
_STRAIGHT = np.eye(2)


def shear(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Slant the digits."""
    slope = (0.2, 0.35, 0.5, 0.65, 0.8)[strength - 1]
    slants = [np.array([[1, 0], [way * slope, 1]]) for way in (-1, 1)]
    return resample(images, [affine(slant) for slant in slants], random)


def scale(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Shrink the digits."""
    size = (0.85, 0.75, 0.65, 0.55, 0.45)[strength - 1]
    return resample(images, [affine(_STRAIGHT / size)], random)


def rotate(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Turn the digits."""
    angles = np.deg2rad((10, 20, 30, 40, 50)[strength - 1]) * np.array([-1, 1])
    turns = [np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) for a in angles]
    return resample(images, [affine(turn) for turn in turns], random)


def translate(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Move the digits along both axes."""
    pixels = (1, 2, 3, 4, 6)[strength - 1]
    ways = [(down, right) for down in (-pixels, pixels) for right in (-pixels, pixels)]
    return resample(images, [affine(_STRAIGHT, way) for way in ways], random)
