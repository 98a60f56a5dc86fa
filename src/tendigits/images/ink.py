"""From a picture to its ink: how much of a pen's colour each pixel holds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tendigits.images.decode import SMALL, Picture
from tendigits.images.paper import (
    Grey,
    Mask,
    against_near_paper,
    closed,
    darker_and_lighter,
    odd,
    otsu,
    share_of_border,
    shrunk,
    weight,
)
from tendigits.images.polarity import DARK_FIRST, THICKEST, USUAL_STROKE, find_polarity
from tendigits.images.sheet import without_table

# Fainter than this (of full contrast) is taken for the paper's own unevenness.
FAINTEST = 0.1
# So many times the paper's noise stands out from it.
ABOVE_NOISE = 6.0
# A picture with more noise than this is smoothed by a Gaussian of this standard deviation.
NOISY = 0.01
SMOOTHING = 0.7
_SKETCH_SIDE = 192
_UNEVEN_FROM = 96  # pixels; what is smaller was drawn or cut out, and has one paper colour


@dataclass(frozen=True, eq=False)
class Ink:
    """The ink in a picture.

    Attributes:
        levels: (h, w) float32, from 0 for paper to 1 for full ink.
        mask: (h, w), where there is ink.
    """

    levels: Grey
    mask: Mask


def find_ink(picture: Picture, *, inverted: bool = False) -> Ink:
    """Tell ink from paper: dark on light or light on dark, with shadows and in any colour.

    Args:
        picture: what was decoded.
        inverted: take what looks like paper for ink. A picture as small as a digit, cut close to
            it, does not tell the two apart by itself.
    """
    contrast = _contrast(picture.pixels)
    if inverted:
        contrast = contrast.max() - contrast
    noise = _noise(picture.pixels[..., 1])
    if noise > NOISY:
        contrast = ndimage.gaussian_filter(contrast, SMOOTHING)
        noise *= 1 / (2 * SMOOTHING * np.sqrt(np.pi))  # what is left of white noise
    threshold = otsu(contrast[contrast > 0])
    faintest = max(FAINTEST, ABOVE_NOISE * noise)
    strong = contrast > max(threshold, faintest)
    if not strong.any():
        return Ink(np.zeros_like(contrast), np.zeros_like(strong))
    full = float(np.percentile(contrast[strong], 75))
    weak = contrast > max(faintest, 0.35 * full)
    mask = ndimage.binary_propagation(strong & weak, structure=np.ones((3, 3)), mask=weak)
    low = min(0.5 * faintest, 0.15 * full)
    levels = np.clip((contrast - low) / (full - low), 0, 1).astype(np.float32)
    return Ink(levels, mask)


def _contrast(pixels: NDArray[np.float32]) -> Grey:
    """Return how far each pixel lies from the paper's colour there, in the ink's direction."""
    if min(pixels.shape[:2]) < _UNEVEN_FROM:
        darker, lighter = darker_and_lighter(pixels)
        return darker if weight(darker) >= DARK_FIRST * weight(lighter) else lighter
    step = max(1, min(pixels.shape[:2]) // _SKETCH_SIDE)
    pixels = without_table(pixels, shrunk(pixels, step))
    darker, lighter = darker_and_lighter(pixels)
    sketch = shrunk(pixels, step)
    polarity = find_polarity(sketch)
    whole = darker if polarity.dark_on_light else lighter
    if polarity.even:
        return whole
    wide = _has_thick_strokes(sketch if polarity.dark_on_light else 1 - sketch)
    light = pixels if polarity.dark_on_light else 1 - pixels
    contrast = against_near_paper(light, THICKEST if wide else USUAL_STROKE)
    # A thing too thick to be a stroke stands out from the border's colour alone.
    too_thick = contrast.max() <= FAINTEST and share_of_border(whole > FAINTEST) < 0.05
    return whole if too_thick else contrast


def _has_thick_strokes(sketch: NDArray[np.float32]) -> bool:
    """Tell whether there is ink, away from the border, that is thicker than strokes usually are."""
    side = min(sketch.shape[:2])
    contrast = (closed(sketch, odd(THICKEST * side)) - sketch).max(axis=2)
    labels, _ = ndimage.label(contrast > max(otsu(contrast[contrast > 0]), 2 * FAINTEST))
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    inner = (labels > 0) & ~np.isin(labels, border)
    if not inner.any():
        return False
    return bool(2 * ndimage.distance_transform_edt(inner).max() > 0.85 * USUAL_STROKE * side)


def _noise(plane: Grey) -> float:
    """Return the standard deviation of what changes from pixel to pixel on most of the picture."""
    if min(plane.shape) <= SMALL:  # it was drawn or brought to this size, and its detail is ink
        return 0.0
    detail = plane - ndimage.uniform_filter(plane, 3)
    return float(1.4826 * np.median(np.abs(detail[::3, ::3])))
