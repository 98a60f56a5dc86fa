"""From the arrays of pictures, in colours or grey, of any type and with alpha, to grey levels."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tendigits.errors import PictureError

Grey = NDArray[np.uint8]

MAX_PIXELS = 100_000_000
# Ink of less contrast, in grey levels, is searched for in the colours.
FAINT = 64
# The lightest and the darkest pixels, as a fraction, that do not count as contrast.
_OUTLIERS = 0.0005
_SAMPLE_SIDE = 512


def to_grey(array: NDArray[np.generic]) -> Grey:
    """Return the grey levels (h, w) of a picture: 0 for black, 255 for white.

    Grey is luminance. Where its contrast is below 64 levels, it is the colour channel of the
    largest contrast, if that is more than twice as large: yellow ink on white, red on blue.

    White is 1 in floats. In integers of more than 8 bits it is the largest number of as many bits
    as the largest value needs, from 8 to 16: 4095 in a scan of 12 bits, whatever its type.

    Args:
        array: (h, w), (h, w, 1), (h, w, 2), (h, w, 3) or (h, w, 4); the second and fourth channels
            are alpha, and transparent parts become paper.

    Raises:
        PictureError: another shape or type, floats that are not from 0 to 1, or more than 100
            million pixels.
    """
    _check_shape(array)
    levels = _in_8_bits(np.ascontiguousarray(array))
    if levels.ndim == 2:
        return levels
    if levels.shape[2] in (2, 4):
        levels = _on_paper(levels)
    return _grey_of_colours(levels) if levels.shape[2] == 3 else levels[..., 0]


def is_faint(grey: Grey) -> bool:
    """Return whether a picture has so little contrast that its ink may differ by colour alone."""
    return _contrast(grey) < FAINT


def _check_shape(array: NDArray[Any]) -> None:
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.ndim not in (2, 3) or channels not in (1, 2, 3, 4) or 0 in array.shape:
        raise PictureError(
            f"An array of shape {array.shape} is not a picture; "
            "give (h, w), (h, w, 3) or (h, w, 4)."
        )
    if array.shape[0] * array.shape[1] > MAX_PIXELS:
        raise PictureError(
            f"An array of shape {array.shape} is too large; give at most "
            f"{MAX_PIXELS // 1_000_000} million pixels."
        )


def _in_8_bits(array: NDArray[Any]) -> Grey:
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool:
        return array.astype(np.uint8) * np.uint8(255)
    if np.issubdtype(array.dtype, np.integer):
        white = _white(array)
        return _scaled(array.clip(0, white).astype(np.uint16, copy=False), 255 / white)
    if np.issubdtype(array.dtype, np.floating):
        low, high = float(array.min()), float(array.max())
        if not np.isfinite([low, high]).all():
            raise PictureError("The array contains NaN or infinity; give values from 0 to 1.")
        if low < 0 or high > 1:
            raise PictureError(
                f"The array contains floats from {low:g} to {high:g}; give values from 0 to 1."
            )
        return _scaled(array.astype(np.float32, copy=False), 255)
    raise PictureError(f"An array of {array.dtype} is not a picture; give uint8 or float.")


def _white(integers: NDArray[Any]) -> int:
    if integers.dtype.itemsize == 1:
        return int(np.iinfo(integers.dtype).max)
    bits = int(integers.max()).bit_length()
    return int(2 ** min(max(bits, 8), 16) - 1)


def _scaled(values: NDArray[Any], factor: float) -> Grey:
    return np.asarray(cv2.convertScaleAbs(values, alpha=factor), np.uint8).reshape(values.shape)


def _on_paper(levels: Grey) -> Grey:
    """Return a drawing (h, w, 1 or 3) on white paper, or on black paper if the drawing is light."""
    alpha = levels[..., -1:]
    colours = np.ascontiguousarray(levels[..., :-1])
    alphas = np.repeat(alpha, colours.shape[2], axis=2)
    product = cv2.multiply(colours, alphas, scale=1 / 255)
    on_black: Grey = np.asarray(product, np.uint8).reshape(colours.shape)
    lightness = float(on_black.mean()) / max(float(alpha.mean()), 1e-6)
    if lightness > 0.5 and alpha.min() < 128:
        return on_black
    return on_black + (np.uint8(255) - alpha)  # at most 255, as the drawing is at most its alpha


def _grey_of_colours(colours: Grey) -> Grey:
    luminance: Grey = np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY), np.uint8)
    contrast = _contrast(luminance)
    if contrast >= FAINT:
        return luminance
    best = max((colours[..., channel] for channel in range(3)), key=_contrast)
    return np.ascontiguousarray(best) if _contrast(best) > 2 * contrast else luminance


def _contrast(grey: Grey) -> int:
    """Return how many levels are between the darkest and the lightest pixels."""
    step = max(1, max(grey.shape) // _SAMPLE_SIDE)
    counts = np.bincount(grey[::step, ::step].ravel(), minlength=256)
    below = np.cumsum(counts) / counts.sum()
    darkest, lightest = np.searchsorted(below, [_OUTLIERS, 1 - _OUTLIERS])
    return int(lightest - darkest)
