"""Pictures of MNIST's test digits on paper, made from a seed."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Pixels = NDArray[np.float32]


def drawn(digit: NDArray[np.uint8], scale: int = 6) -> Pixels:
    """Return a digit's ink (28 * scale square), enlarged smoothly, from 0 to 1."""
    side = digit.shape[0] * scale
    large = Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(large, np.float32) / np.float32(255)


def row(digits: NDArray[np.uint8], gap: int = 10, scale: int = 4) -> Pixels:
    """Return the ink of digits side by side, `gap` pixels apart; below zero they overlap."""
    inks = [_trimmed(drawn(digit, scale)) for digit in digits]
    width = sum(ink.shape[1] + gap for ink in inks) + 60
    page = np.zeros((max(len(ink) for ink in inks) + 40, width), np.float32)
    left = 30
    for ink in inks:
        top = (len(page) - len(ink)) // 2
        place = page[top : top + len(ink), left : left + ink.shape[1]]
        np.maximum(place, ink, out=place)
        left += ink.shape[1] + gap
    return page


def on_paper(
    ink: Pixels,
    paper: tuple[float, float, float] = (0.9, 0.88, 0.8),
    pen: tuple[float, float, float] = (0.1, 0.1, 0.35),
    *,
    shadow: float = 0.0,
    noise: float = 0.0,
    seed: int = 0,
) -> NDArray[np.uint8]:
    """Return a colour picture: ink of a colour on paper, under uneven light, with noise."""
    random = np.random.default_rng(seed)
    colour = np.array(paper) * (1 - ink[..., None]) + np.array(pen) * ink[..., None]
    rows, columns = np.indices(ink.shape) / max(ink.shape)
    light = 1 - shadow * (0.6 * columns + 0.4 * (rows > 0.5 * columns.max()))
    light = ndimage.gaussian_filter(light, 3)
    picture = colour * light[..., None] + noise * random.standard_normal(colour.shape)
    levels: NDArray[np.uint8] = (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)
    return levels


def _trimmed(ink: Pixels) -> Pixels:
    rows, columns = (np.flatnonzero((ink > 0.1).any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
