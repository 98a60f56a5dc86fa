"""Noise: each pixel by itself."""

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]


def shot_noise(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Count light in few quanta, as a sensor in the dark does: the fewer, the stronger."""
    quanta = (60, 25, 12, 6, 3)[strength - 1]
    return (random.poisson(images * quanta) / quanta).astype(np.float32)


def impulse_noise(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Set single pixels to full ink or to none, as faulty bits do."""
    share = (0.05, 0.1, 0.15, 0.2, 0.27)[strength - 1]
    lots = random.random(images.shape, np.float32)
    corrupted = np.where(lots < share / 2, np.float32(1), images)
    return np.where(lots > 1 - share / 2, np.float32(0), corrupted)
