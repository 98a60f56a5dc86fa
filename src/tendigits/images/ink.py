"""From a picture to its ink: which pixels are written on, and how dark they are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tendigits.images.decode import Picture
from tendigits.images.paper import (
    SMALL,
    Grey,
    Mask,
    border_fraction,
    closing,
    darker_and_lighter,
    downsampled,
    energy,
    local_contrast,
    odd,
    otsu,
)
from tendigits.images.sheet import without_desk

# Ink has at least this contrast, from 0 to 1; paper may be uneven by less.
FAINTEST = 0.1
# The contrast of ink is at least this many times the standard deviation of the noise.
ABOVE_NOISE = 6.0
# A picture with more noise than this is smoothed by a Gaussian of this standard deviation.
NOISY = 0.01
SMOOTHING = 0.7
# Most pictures show dark ink on light paper; light ink needs more contrast energy by this factor.
DARK_FIRST = 0.7
# The usual and the largest width of strokes, as fractions of the picture's shorter side.
USUAL_STROKE = 0.14
THICKEST = 0.4
# Contrast with the border below this fraction of the largest one may be uneven light.
CLEAR = 0.35
# 95 % of the pixels of even paper have less contrast with the border than this.
EVEN = 0.04
# The holes in a region have another colour than the border if their contrast is above this.
OTHER_COLOUR = 0.1
_SKETCH_SIDE = 192
_UNEVEN_FROM = 96  # pixels; smaller pictures are drawings or crops with a single paper colour


@dataclass(frozen=True)
class Polarity:
    """How ink differs from paper.

    Attributes:
        dark_on_light: whether the ink is darker than the paper.
        even: whether the paper has a single colour, without shadows.
    """

    dark_on_light: bool
    even: bool


@dataclass(frozen=True, eq=False)
class Ink:
    """The ink in a picture.

    Attributes:
        levels: (h, w) float32, from 0 for paper to 1 for full ink.
        mask: (h, w) bool, true for ink.
    """

    levels: Grey
    mask: Mask


def find_ink(picture: Picture, *, inverted: bool = False) -> Ink:
    """Find the ink in a picture: dark or light, of any colour, on even or shaded paper.

    Args:
        picture: the decoded picture.
        inverted: exchange ink and paper. In a small picture that is cropped closely to one digit,
            they can be confused.
    """
    grey = picture.grey.astype(np.float32) / np.float32(255)
    pixels = np.repeat(grey[..., np.newaxis], 3, axis=2)
    contrast = _contrast(pixels)
    if inverted:
        contrast = contrast.max() - contrast
    noise = _noise(pixels[..., 1])
    if noise > NOISY:
        contrast = ndimage.gaussian_filter(contrast, SMOOTHING)
        noise *= 1 / (2 * SMOOTHING * np.sqrt(np.pi))  # as it does to white noise
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
    """Return the contrast (h, w) of each pixel with the paper, positive in the direction of ink."""
    if min(pixels.shape[:2]) < _UNEVEN_FROM:
        darker, lighter = darker_and_lighter(pixels)
        return darker if energy(darker) >= DARK_FIRST * energy(lighter) else lighter
    step = max(1, min(pixels.shape[:2]) // _SKETCH_SIDE)
    pixels = without_desk(pixels, downsampled(pixels, step))
    darker, lighter = darker_and_lighter(pixels)
    sketch = downsampled(pixels, step)
    polarity = find_polarity(sketch)
    whole = darker if polarity.dark_on_light else lighter
    if polarity.even:
        return whole
    wide = _has_thick_strokes(sketch if polarity.dark_on_light else 1 - sketch)
    light = pixels if polarity.dark_on_light else 1 - pixels
    contrast = local_contrast(light, THICKEST if wide else USUAL_STROKE)
    # A shape thicker than any stroke has contrast with the border, but not with its surroundings.
    too_thick = contrast.max() <= FAINTEST and border_fraction(whole > FAINTEST) < 0.05
    return whole if too_thick else contrast


def _has_thick_strokes(sketch: NDArray[np.float32]) -> bool:
    """Return whether there is ink, away from the border, that is thicker than usual strokes."""
    side = min(sketch.shape[:2])
    contrast = (closing(sketch, odd(THICKEST * side)) - sketch).max(axis=2)
    labels, _ = ndimage.label(contrast > max(otsu(contrast[contrast > 0]), 2 * FAINTEST))
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    inner = (labels > 0) & ~np.isin(labels, border)
    if not inner.any():
        return False
    return bool(2 * ndimage.distance_transform_edt(inner).max() > 0.85 * USUAL_STROKE * side)


def _noise(plane: Grey) -> float:
    """Return the standard deviation of the noise, from the median change between pixels."""
    if min(plane.shape) <= SMALL:  # the fine detail of such a picture is ink
        return 0.0
    detail = plane - ndimage.uniform_filter(plane, 3)
    return float(1.4826 * np.median(np.abs(detail[::3, ::3])))


def find_polarity(sketch: NDArray[np.float32]) -> Polarity:
    """Find out whether ink is darker than paper, and whether the paper is even.

    If everything that differs from the border looks like ink, the border has the colour of the
    paper. Otherwise (a sheet on a desk, a hard shadow) the polarity is that of the thinnest
    structures, as strokes are thinner than the paper between them.

    Args:
        sketch: (h, w, 3), the downsampled picture.
    """
    dark, light = darker_and_lighter(sketch)
    clear = CLEAR * max(dark.max(), light.max())
    is_dark = energy(dark[dark > clear]) >= DARK_FIRST * energy(light[light > clear])
    mask = (dark if is_dark else light) > clear
    distance = np.maximum(dark, light)
    if _is_on_border_colour(mask, distance):
        rest = distance[~ndimage.binary_dilation(mask, iterations=2)]
        even = not len(rest) or np.percentile(rest, 95) < EVEN
        return Polarity(dark_on_light=is_dark, even=bool(even))
    return Polarity(dark_on_light=_thinnest_are_dark(sketch), even=False)


def _is_on_border_colour(mask: Mask, distance: Grey) -> bool:
    """Return whether a region is inside the picture and its holes have the colour of the border.

    The holes in a sheet on a desk are writing and have another colour.
    """
    holes = ndimage.binary_fill_holes(mask) & ~mask
    written_on = holes.sum() > 0.003 * mask.sum() and np.median(distance[holes]) > OTHER_COLOUR
    return border_fraction(mask) < 0.05 and not written_on


def _thinnest_are_dark(sketch: NDArray[np.float32]) -> bool:
    """Return whether thin dark structures have more contrast energy than thin light ones."""
    log_ratios = []
    for stroke in (0.02, 0.04, 0.07, USUAL_STROKE):
        size = odd(stroke * min(sketch.shape[:2]) + 1)
        darker = energy((closing(sketch, size) - sketch).max(axis=2))
        lighter = energy((closing(1 - sketch, size) - (1 - sketch)).max(axis=2))
        # Clipped: the paper between printed lines is also thin, with far more energy than they.
        log_ratios.append(np.clip(np.log((darker + 1e-6) / (lighter + 1e-6)), -1, 1))
    return bool(np.mean(log_ratios) >= np.log(DARK_FIRST))
