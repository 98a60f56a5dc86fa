"""The ink of one character: what is inside its box, without walls and neighbours."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Levels = NDArray[np.float32]
Area = tuple[float, float, float, float]

_MARGIN = 0.2  # of the box's longer side; the paper around it is seen there
_SIZE = 64  # pixels of the longer side of a box; larger ones are reduced
_SMALLEST = 40  # pixels; smaller ones are enlarged
_LARGEST_SCALE = 4.0
# Of larger boxes, every second, third ... pixel is used, so that the time of a picture is bounded
# even if it has many of them.
_MOST_PIXELS, _MOST_PIXELS_OF_VOTE = 192, 64
_LOOSE = 0.03  # of the longer side; boxes may be too tight by this
# A connected piece of ink belongs to the character whole if this part of it is in the box,
_WHOLE = 0.75
# or what of it is in the box does, if that is this part of all ink in the box.
_MAIN = 0.3


@dataclass(frozen=True, eq=False)
class Ink:
    """The ink of one character.

    Attributes:
        levels: (h, w) float32, cropped to the ink, 0 for paper and 1 for full ink; of shape
            (1, 1) where there is none.
        isolation: the part of all ink in and around the box that it is; 1 if nothing touches it.
    """

    levels: Levels
    isolation: float


def is_dark_on_light(grey: Grey, areas: Iterable[Area]) -> bool:
    """Return whether the ink in the areas of a picture (h, w) is darker than what is around it."""
    votes = 0.0
    for area in areas:
        pixels = _around(grey, area, _MOST_PIXELS_OF_VOTE)[0]
        low, middle, high = (percentile(pixels, rank) for rank in (3, 50, 97))
        votes += (middle - low) - (high - middle)
    return votes >= 0


def ink_in(grey: Grey, area: Area, *, dark: bool = True) -> Ink:
    """Return the ink of the character in an area of a picture, cropped to it.

    Args:
        grey: (h, w), the picture.
        area: left, top, right and bottom of the character.
        dark: whether ink is darker than paper.
    """
    pixels, (left, top, right, bottom) = _around(grey, area, _MOST_PIXELS)
    longer = max(right - left, bottom - top)
    scale = _SIZE / longer if longer > _SIZE else min(max(_SMALLEST / longer, 1), _LARGEST_SCALE)
    levels = _resized(pixels, scale)
    strength = _strength(levels if dark else 255 - levels)
    inner = _inner(levels.shape, tuple(scale * side for side in (left, top, right, bottom)))
    full = percentile(strength[inner], 96)
    if full < 1:
        return Ink(np.zeros((1, 1), np.float32), 0.0)
    strength /= full
    threshold = _threshold(strength[inner])
    mask = strength > threshold
    kept = _own_pieces(mask, inner)
    soft = np.clip((strength - threshold / 2) / (0.8 * max(1 - threshold, 0.2)), 0, 1) * kept
    return Ink(_cropped(soft), float((mask & kept).sum() / max(mask.sum(), 1)))


def plain_ink(grey: Grey, area: Area, *, dark: bool = True) -> Levels:
    """Return the levels in an area of a picture, whatever they belong to; faster than `ink_in`.

    Args:
        grey: (h, w), the picture.
        area: left, top, right and bottom of the character.
        dark: whether ink is darker than paper.
    """
    pixels, (left, top, right, bottom) = _around(grey, area, _SIZE)
    inside = pixels[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))]
    low, high = float(inside.min()), float(inside.max())
    strength = (high - inside) if dark else (inside - low)
    return np.asarray(strength / max(high - low, 1), np.float32)


def percentile(values: NDArray[np.generic], rank: float) -> float:
    """Return a percentile of values of any shape, from 0 to 100, as numpy does.

    It takes a fifth of numpy's time for few values, and does not import numpy.ma.
    """
    at = (values.size - 1) * rank / 100
    lower = int(at)
    upper = min(lower + 1, values.size - 1)
    parted = np.partition(values, [lower, upper], axis=None)
    low, high = float(parted[lower]), float(parted[upper])
    return low + (at - lower) * (high - low)


def _around(grey: Grey, area: Area, most: int) -> tuple[Grey, Area]:
    """Return the pixels of an area and around it, and where the area is in them.

    At least `most` and less than twice as many pixels along the longer side of a large area.
    """
    left, top, right, bottom = area
    longer = max(right - left, bottom - top)
    margin = max(_MARGIN * longer, 1)
    x, y = max(0, int(left - margin)), max(0, int(top - margin))
    step = max(1, int(longer / most))
    pixels = grey[y : int(np.ceil(bottom + margin)) : step, x : int(np.ceil(right + margin)) : step]
    return pixels, ((left - x) / step, (top - y) / step, (right - x) / step, (bottom - y) / step)


def _resized(pixels: Grey, scale: float) -> Levels:
    if scale == 1:
        return pixels.astype(np.float32)
    size = (max(2, round(pixels.shape[1] * scale)), max(2, round(pixels.shape[0] * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels.astype(np.float32), size, interpolation=way))


def _strength(levels: Levels) -> Levels:
    """Return how much darker each pixel is than the paper around it."""
    small = cv2.resize(levels, (24, 24), interpolation=cv2.INTER_AREA)
    paper = cv2.GaussianBlur(cv2.dilate(small, np.ones((9, 9), np.uint8)), (0, 0), 3)
    paper = cv2.resize(paper, levels.shape[::-1])
    paper = np.minimum(paper, np.float32(percentile(levels, 90) + 5))  # highlights are not paper
    strength: Levels = np.clip(paper - levels, 0, None)
    return strength


def _inner(shape: tuple[int, ...], area: tuple[float, ...]) -> tuple[slice, slice]:
    """Return the rows and columns of an area, slightly enlarged."""
    left, top, right, bottom = area
    loose = _LOOSE * max(right - left, bottom - top)
    rows = slice(max(0, int(top - loose)), min(shape[0], int(np.ceil(bottom + loose))))
    columns = slice(max(0, int(left - loose)), min(shape[1], int(np.ceil(right + loose))))
    return rows, columns


def _threshold(strength: Levels) -> float:
    """Return the strength that separates ink from paper, by Otsu's method."""
    levels = np.clip(255 * strength, 0, 255).astype(np.uint8)
    level, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_OTSU)
    return float(np.clip(level / 255, 0.25, 0.6))


def _own_pieces(mask: NDArray[np.bool_], inner: tuple[slice, slice]) -> NDArray[np.bool_]:
    """Return where the character's ink is, and one pixel around it for soft edges."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    inside = np.bincount(labels[inner].ravel(), minlength=count)
    inside[0] = 0
    part = inside / np.maximum(stats[:, cv2.CC_STAT_AREA], 1)
    total = max(int(inside.sum()), 1)
    whole = (part >= _WHOLE) & ~_reaches_border(labels, count)
    cut = (inside >= _MAIN * total) | ((part > 0.35) & (inside > 0.15 * total)) | (part >= _WHOLE)
    kept = np.zeros(mask.shape, np.uint8)
    kept[inner] = cut[labels[inner]]
    kept |= whole[labels].astype(np.uint8)
    around = cv2.dilate(kept, np.ones((3, 3), np.uint8))
    around[(labels > 0) & (kept == 0)] = 0
    return around.astype(bool)


def _reaches_border(labels: NDArray[np.generic], count: int) -> NDArray[np.bool_]:
    """Return for each piece whether it goes on beyond what is seen around the box."""
    reaches = np.zeros(count, bool)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        reaches[edge] = True
    return reaches


def _cropped(ink: Levels) -> Levels:
    rows, columns = (np.flatnonzero((ink > 0.3).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((1, 1), np.float32)
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
