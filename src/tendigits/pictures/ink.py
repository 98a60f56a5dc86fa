"""From a picture to its ink: how much of a pen's colour each pixel holds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from tendigits.pictures.decode import SMALL, Picture

Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Fainter than this (of full contrast) is taken for the paper's own unevenness.
FAINTEST = 0.1
# So many times the paper's noise stands out from it.
ABOVE_NOISE = 6.0
# A picture with more noise than this is smoothed by a Gaussian of this standard deviation.
NOISY = 0.01
SMOOTHING = 0.7
# Dark ink on light paper is what most pictures show: the other way needs more weight.
DARK_FIRST = 0.7
# The width of the widest strokes, in shares of the picture's shorter side: usually, and at most.
USUAL_STROKE = 0.14
THICKEST = 0.4
_SKETCH_SIDE = 192
_SURFACE_SIDE = 400
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
    threshold = _otsu(contrast[contrast > 0])
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
        darker, lighter = _darker_and_lighter(pixels)
        return darker if _weight(darker) >= DARK_FIRST * _weight(lighter) else lighter
    sketch = _shrunk(pixels, max(1, min(pixels.shape[:2]) // _SKETCH_SIDE))
    on_light = _is_dark_on_light(sketch)
    wide = _has_thick_strokes(sketch if on_light else 1 - sketch)
    light = pixels if on_light else 1 - pixels
    contrast = _against_near_paper(light, THICKEST if wide else USUAL_STROKE)
    if contrast.max() > FAINTEST:
        return contrast
    # A thing too thick to be a stroke stands out from the border's colour alone.
    whole = _darker_and_lighter(pixels)[0 if on_light else 1]
    return whole if _touches_border(whole > FAINTEST) < 0.05 else contrast


def _is_dark_on_light(sketch: NDArray[np.float32]) -> bool:
    """Tell whether the ink is darker than the paper.

    Where what differs from the border is as thin as strokes are, it is ink. Elsewhere (a sheet on
    a table, a hard shadow) strokes tell: they are thinner than what they enclose, so among the
    thinnest things most are ink.
    """
    dark, light = _darker_and_lighter(sketch)
    clear = 0.35 * max(dark.max(), light.max())  # what is less is uneven light
    is_dark = _weight(dark[dark > clear]) >= DARK_FIRST * _weight(light[light > clear])
    if _looks_like_strokes((dark if is_dark else light) > clear):
        return is_dark
    favours = []
    for stroke in (0.02, 0.04, 0.07, USUAL_STROKE):
        size = _odd(stroke * min(sketch.shape[:2]) + 1)
        darker = _weight((_closed(sketch, size) - sketch).max(axis=2))
        lighter = _weight((_closed(1 - sketch, size) - (1 - sketch)).max(axis=2))
        favours.append(np.log((darker + 1e-6) / (lighter + 1e-6)))
    return bool(np.mean(favours) >= np.log(DARK_FIRST))


def _looks_like_strokes(mask: Mask) -> bool:
    """Tell whether a region is nowhere thicker than strokes can be, and mostly off the border."""
    side = min(mask.shape)
    # Closed first, as a sheet with writing on it is as thick as the sheet.
    closed = _closed(np.pad(mask, 1).astype(np.float32), _odd(USUAL_STROKE * side))
    thickness = 2 * ndimage.distance_transform_edt(closed).max()
    return bool(_touches_border(mask) < 0.05 and thickness < 0.7 * THICKEST * side)


def _touches_border(mask: Mask) -> float:
    """Return the share of the picture's border that a region takes."""
    return float(np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).mean())


def _has_thick_strokes(sketch: NDArray[np.float32]) -> bool:
    """Tell whether there is ink, away from the border, that is thicker than strokes usually are."""
    side = min(sketch.shape[:2])
    contrast = (_closed(sketch, _odd(THICKEST * side)) - sketch).max(axis=2)
    labels, _ = ndimage.label(contrast > max(_otsu(contrast[contrast > 0]), 2 * FAINTEST))
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    inner = (labels > 0) & ~np.isin(labels, border)
    if not inner.any():
        return False
    return bool(2 * ndimage.distance_transform_edt(inner).max() > 0.85 * USUAL_STROKE * side)


def _against_near_paper(light: NDArray[np.float32], thickest: float) -> Grey:
    """Return the contrast of dark ink with the light paper near by.

    Args:
        light: (h, w, 3), paper light and ink dark.
        thickest: the width of the widest stroke, in shares of the shorter side.
    """
    height, width = light.shape[:2]
    step = max(1, min(height, width) // _SURFACE_SIDE)
    small = _shrunk(light, step)
    near = _closed(small, _odd(thickest * min(small.shape[:2])))
    paper = np.stack([_enlarged(near[..., plane], width, height) for plane in range(3)], axis=2)
    # Relative to the light that falls there: ink in a shadow is as dark as elsewhere.
    contrast: Grey = ((paper - light) / np.maximum(paper, 0.4)).max(axis=2)
    # Most of a picture is paper: what it shows by its grain alone is taken off.
    return (contrast - np.median(contrast)).clip(min=0)


def _closed(light: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Return the picture without what is dark and narrower than `size` pixels."""
    for filter_ in (ndimage.maximum_filter1d, ndimage.minimum_filter1d):
        for axis in (0, 1):
            light = filter_(light, size, axis=axis, mode="nearest")
    return light


def _odd(size: float) -> int:
    return int(size) | 1


def _shrunk(pixels: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Return the means of blocks of `step` pixels a side."""
    height, width = (side // step * step for side in pixels.shape[:2])
    if step == 1:
        return pixels
    blocks = pixels[:height, :width].reshape(height // step, step, width // step, step, 3)
    means: NDArray[np.float32] = blocks.mean(axis=(1, 3))
    return means


def _darker_and_lighter(pixels: NDArray[np.float32]) -> tuple[Grey, Grey]:
    """Return how much darker, and how much lighter, each pixel is than the border's colour."""
    difference = _paper(pixels) - pixels
    return difference.max(axis=2).clip(min=0), (-difference).max(axis=2).clip(min=0)


def _weight(contrast: Grey) -> float:
    """Return how much stands out: the contrasts' sum, with more for what is far from paper."""
    return float(np.square(contrast, dtype=np.float64).sum())


def _paper(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the paper's colour: the median along the border.

    A small picture is often cut so close that ink fills its border: there the corners tell, which
    most digits leave free.
    """
    height, width = pixels.shape[:2]
    rim = max(1, min(height, width) // 20)
    border = np.concatenate(
        [
            pixels[:rim].reshape(-1, 3),
            pixels[-rim:].reshape(-1, 3),
            pixels[:, :rim].reshape(-1, 3),
            pixels[:, -rim:].reshape(-1, 3),
        ]
    )
    if min(height, width) <= SMALL:
        corners = pixels[[0, 0, -1, -1], [0, -1, 0, -1]]
        border = np.concatenate([pixels.reshape(-1, 3), border, *[corners] * (height + width)])
    colour: NDArray[np.float32] = np.median(border, axis=0)
    return colour


def _enlarged(plane: Grey, width: int, height: int) -> Grey:
    enlarged = Image.fromarray(np.ascontiguousarray(plane))
    return np.asarray(enlarged.resize((width, height), Image.Resampling.BILINEAR))


def _noise(plane: Grey) -> float:
    """Return the standard deviation of what changes from pixel to pixel on most of the picture."""
    if min(plane.shape) <= SMALL:  # it was drawn or brought to this size, and its detail is ink
        return 0.0
    detail = plane - ndimage.uniform_filter(plane, 3)
    return float(1.4826 * np.median(np.abs(detail)))


def _otsu(values: Grey) -> float:
    """Return the threshold that parts `values` (from 0 to 1) into the two narrowest groups.

    Source: N. Otsu, "A threshold selection method from gray-level histograms", 1979.
    """
    counts, edges = np.histogram(values, bins=256, range=(0, 1))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below if len(values) else below
    sums = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * np.square(sums / below - (sums[-1] - sums) / above)
    return float(edges[int(np.nan_to_num(between).argmax()) + 1])
