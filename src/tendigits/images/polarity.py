"""Whether the ink is darker than the paper, or lighter."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tendigits.images.paper import (
    Grey,
    Mask,
    closed,
    darker_and_lighter,
    odd,
    share_of_border,
    weight,
)

# Dark ink on light paper is what most pictures show: the other way needs more weight.
DARK_FIRST = 0.7
# The width of the widest strokes, in shares of the picture's shorter side: usually, and at most.
USUAL_STROKE = 0.14
THICKEST = 0.4
# What differs from the border by less than this share of what differs most may be uneven light,
CLEAR = 0.35
# in paper of one colour nearly everything is nearer to it than this (of full contrast),
EVEN = 0.04
# and what is farther is something else.
ELSE = 0.1


@dataclass(frozen=True)
class Polarity:
    """How ink differs from paper.

    Attributes:
        dark_on_light: whether the ink is darker than the paper.
        even: whether the paper is of one colour, without shadows.
    """

    dark_on_light: bool
    even: bool


def find_polarity(sketch: NDArray[np.float32]) -> Polarity:
    """Tell whether the ink is darker than the paper, from a picture made small.

    Where what differs from the border lies on it as ink does, the border shows the paper.
    Elsewhere (a sheet on a table, a hard shadow) strokes tell: they are thinner than what they
    enclose, so among the thinnest things most are ink.
    """
    dark, light = darker_and_lighter(sketch)
    clear = CLEAR * max(dark.max(), light.max())  # what is less is uneven light
    is_dark = weight(dark[dark > clear]) >= DARK_FIRST * weight(light[light > clear])
    mask = (dark if is_dark else light) > clear
    distance = np.maximum(dark, light)
    if _lies_on_border_colour(mask, distance):
        rest = distance[~ndimage.binary_dilation(mask, iterations=2)]
        even = not len(rest) or np.percentile(rest, 95) < EVEN
        return Polarity(dark_on_light=is_dark, even=bool(even))
    return Polarity(dark_on_light=_thinnest_are_dark(sketch), even=False)


def _lies_on_border_colour(mask: Mask, distance: Grey) -> bool:
    """Tell whether a region is off the border, and the border's colour is seen through its holes.

    A sheet on a table has writing in its place.
    """
    holes = ndimage.binary_fill_holes(mask) & ~mask
    written_on = holes.sum() > 0.003 * mask.sum() and np.median(distance[holes]) > ELSE
    return share_of_border(mask) < 0.05 and not written_on


def _thinnest_are_dark(sketch: NDArray[np.float32]) -> bool:
    favours = []
    for stroke in (0.02, 0.04, 0.07, USUAL_STROKE):
        size = odd(stroke * min(sketch.shape[:2]) + 1)
        darker = weight((closed(sketch, size) - sketch).max(axis=2))
        lighter = weight((closed(1 - sketch, size) - (1 - sketch)).max(axis=2))
        # The paper between rules is thin, too, and weighs far more than they do.
        favours.append(np.clip(np.log((darker + 1e-6) / (lighter + 1e-6)), -1, 1))
    return bool(np.mean(favours) >= np.log(DARK_FIRST))
