"""The colour of the paper, and the contrast of each pixel with it."""

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Colour = NDArray[np.float32]
Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]

SMALL = 40  # pixels; a picture whose sides are not longer contains a single digit
_SURFACE_SIDE = 400


def border_colour(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the colour of the paper: the median along the border.

    Small pictures are often cropped so closely that ink fills their border. There the corners have
    a higher weight, as most digits do not reach them.
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
    """Return how much darker and how much lighter each pixel is than the border, (h, w) each."""
    colour = border_colour(pixels)
    darker = _largest([colour[plane] - pixels[..., plane] for plane in range(3)])
    lighter = _largest([pixels[..., plane] - colour[plane] for plane in range(3)])
    return darker.clip(min=0), lighter.clip(min=0)


def local_contrast(light: NDArray[np.float32], thickest: float) -> Grey:
    """Return the contrast (h, w) of dark ink with the light paper around it.

    Args:
        light: (h, w, 3), with light paper and dark ink.
        thickest: the width of the widest stroke, as a fraction of the shorter side.
    """
    height, width = light.shape[:2]
    step = max(1, min(height, width) // _SURFACE_SIDE)
    small = downsampled(light, step)
    near = closing(small, odd(thickest * min(small.shape[:2])))

    def contrast_of(plane: int) -> Grey:
        paper = upsampled(near[..., plane], width, height)
        # Relative to the local brightness: ink in a shadow has the same contrast as elsewhere.
        contrast: Grey = (paper - light[..., plane]) / paper.clip(min=0.4)
        return contrast

    contrast = _largest([contrast_of(plane) for plane in range(3)])
    # Most pixels are paper, so the median is the contrast of the paper's grain.
    return (contrast - np.median(contrast[::2, ::2])).clip(min=0)


def closing(light: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Return a picture (h, w, 3) without dark parts that are narrower than `size` pixels."""
    result: NDArray[np.float32] = ndimage.grey_closing(light, (size, size, 1), mode="nearest")
    return result


def odd(size: float) -> int:
    """Return `size` rounded to an odd number, the size of a window with a middle pixel."""
    return int(size) | 1


def downsampled(pixels: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Return the means of blocks of `step` times `step` pixels."""
    height, width = (side // step * step for side in pixels.shape[:2])
    if step == 1:
        return pixels
    # Rows first: sums over contiguous memory are faster.
    rows = pixels[:height].reshape(height // step, step, -1, 3).mean(axis=1)
    means: NDArray[np.float32] = rows[:, :width].reshape(len(rows), -1, step, 3).mean(axis=2)
    return means


def energy(contrast: Grey) -> float:
    """Return the sum of the squared contrasts."""
    return float(np.square(contrast, dtype=np.float64).sum())


def border_fraction(mask: Mask) -> float:
    """Return the fraction of the picture's border that a region covers."""
    return float(np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).mean())


def _largest(planes: Sequence[Grey]) -> Grey:
    """Return the maximum of planes per pixel; much faster than `max` over a last axis of 3."""
    return reduce(np.maximum, planes)


def upsampled(plane: Grey, width: int, height: int) -> Grey:
    """Return one plane of a picture, enlarged."""
    image = Image.fromarray(np.ascontiguousarray(plane))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))


def otsu(values: Grey) -> float:
    """Return the threshold for `values` in [0, 1] that minimises the within-class variance (Otsu).

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
