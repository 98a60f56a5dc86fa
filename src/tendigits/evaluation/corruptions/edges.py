"""Nothing left but edges."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Images = NDArray[np.float32]


def canny_edges(images: Images, strength: int, random: np.random.Generator) -> Images:  # noqa: ARG001
    """Draw the outlines alone: Canny's detector, after more and more smoothing.

    Source: J. Canny, "A computational approach to edge detection", IEEE TPAMI 8, 1986.
    """
    sigma = (0.5, 0.8, 1.1, 1.4, 1.8)[strength - 1]
    smooth = ndimage.gaussian_filter(images, (0, sigma, sigma))
    down, right = _slopes(smooth, 1, 2), _slopes(smooth, 2, 1)
    slope = np.hypot(down, right)
    peaks = np.where(_is_ridge(slope, down, right), slope, 0)
    steepest = slope.max(axis=(1, 2), keepdims=True)
    return _connected(peaks > 0.3 * steepest, peaks > 0.1 * steepest).astype(np.float32)


def _slopes(images: Images, along: int, across: int) -> Images:
    """Return Sobel's derivative along one axis of each image, smoothed across it."""
    smooth = ndimage.correlate1d(images, [1, 2, 1], axis=across)
    slopes: Images = ndimage.correlate1d(smooth, [-1, 0, 1], axis=along)
    return slopes


def _is_ridge(slope: Images, down: Images, right: Images) -> NDArray[np.bool_]:
    """Tell where the slope is no less than at both neighbours, up and down it."""
    sector = np.round(np.arctan2(down, right) / (np.pi / 4)).astype(np.int64) % 4
    padded = np.pad(slope, ((0, 0), (1, 1), (1, 1)))
    ridge = np.zeros(slope.shape, bool)
    for number, (y, x) in enumerate(((0, 1), (1, 1), (1, 0), (1, -1))):
        ahead, behind = (
            padded[:, 1 + y * way : 29 + y * way, 1 + x * way : 29 + x * way] for way in (1, -1)
        )
        ridge |= (sector == number) & (slope >= ahead) & (slope > behind)
    return ridge


def _connected(strong: NDArray[np.bool_], weak: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep the weak pixels that hang together with strong ones, image by image."""
    within_an_image = np.zeros((3, 3, 3), bool)
    within_an_image[1] = True
    pieces, count = ndimage.label(weak, within_an_image)
    kept = np.zeros(count + 1, bool)
    kept[pieces[strong]] = True
    kept[0] = False
    connected: NDArray[np.bool_] = kept[pieces]
    return connected
