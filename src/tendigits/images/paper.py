"""What the paper looks like, and how far each pixel lies from it."""

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from tendigits.images.decode import SMALL

Colour = NDArray[np.float32]
Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]

_SURFACE_SIDE = 400


def border_colour(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
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
        border = np.concatenate([pixels.reshape(-1, 3), border, *[corners] * 2 * (height + width)])
    colour: NDArray[np.float32] = np.median(border, axis=0)
    return colour


def darker_and_lighter(pixels: NDArray[np.float32]) -> tuple[Grey, Grey]:
    """Return how much darker, and how much lighter, each pixel is than the border's colour."""
    colour = border_colour(pixels)
    darker = _largest([colour[plane] - pixels[..., plane] for plane in range(3)])
    lighter = _largest([pixels[..., plane] - colour[plane] for plane in range(3)])
    return darker.clip(min=0), lighter.clip(min=0)


def against_near_paper(light: NDArray[np.float32], thickest: float) -> Grey:
    """Return the contrast of dark ink with the light paper near by.

    Args:
        light: (h, w, 3), paper light and ink dark.
        thickest: the width of the widest stroke, in shares of the shorter side.
    """
    height, width = light.shape[:2]
    step = max(1, min(height, width) // _SURFACE_SIDE)
    small = shrunk(light, step)
    near = closed(small, odd(thickest * min(small.shape[:2])))

    def contrast_of(plane: int) -> Grey:
        paper = enlarged(near[..., plane], width, height)
        # Relative to the light that falls there: ink in a shadow is as dark as elsewhere.
        contrast: Grey = (paper - light[..., plane]) / paper.clip(min=0.4)
        return contrast

    contrast = _largest([contrast_of(plane) for plane in range(3)])
    # Most of a picture is paper: what it shows by its grain alone is taken off.
    return (contrast - np.median(contrast[::2, ::2])).clip(min=0)


def closed(light: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Return a picture, or a mask, without what is dark and narrower than `size` pixels."""
    for filter_ in (ndimage.maximum_filter1d, ndimage.minimum_filter1d):
        for axis in (0, 1):
            light = filter_(light, size, axis=axis, mode="nearest")
    return light


def odd(size: float) -> int:
    """Return the odd number of pixels next to `size`: a window with a middle."""
    return int(size) | 1


def shrunk(pixels: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Return the means of blocks of `step` pixels a side."""
    height, width = (side // step * step for side in pixels.shape[:2])
    if step == 1:
        return pixels
    # The rows first, as long runs of memory are quickly summed.
    rows = pixels[:height].reshape(height // step, step, -1, 3).mean(axis=1)
    means: NDArray[np.float32] = rows[:, :width].reshape(len(rows), -1, step, 3).mean(axis=2)
    return means


def weight(contrast: Grey) -> float:
    """Return how much stands out: the contrasts' sum, with more for what is far from paper."""
    return float(np.square(contrast, dtype=np.float64).sum())


def share_of_border(mask: Mask) -> float:
    """Return the share of the picture's border that a region takes."""
    return float(np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).mean())


def _largest(planes: Sequence[Grey]) -> Grey:
    """Return the largest value of each pixel; many times as fast as along a last axis of three."""
    return reduce(np.maximum, planes)


def enlarged(plane: Grey, width: int, height: int) -> Grey:
    """Return one colour of a picture at a larger size."""
    image = Image.fromarray(np.ascontiguousarray(plane))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))


def otsu(values: Grey) -> float:
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
