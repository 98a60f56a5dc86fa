"""Whether the ink is darker than the paper, or lighter."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tendigits.pictures.paper import (
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


def is_dark_on_light(sketch: NDArray[np.float32]) -> bool:
    """Tell whether the ink is darker than the paper.

    Where what differs from the border is as thin as strokes are, it is ink. Elsewhere (a sheet on
    a table, a hard shadow) strokes tell: they are thinner than what they enclose, so among the
    thinnest things most are ink.
    """
    dark, light = darker_and_lighter(sketch)
    clear = 0.35 * max(dark.max(), light.max())  # what is less is uneven light
    is_dark = weight(dark[dark > clear]) >= DARK_FIRST * weight(light[light > clear])
    if _looks_like_strokes((dark if is_dark else light) > clear):
        return is_dark
    favours = []
    for stroke in (0.02, 0.04, 0.07, USUAL_STROKE):
        size = odd(stroke * min(sketch.shape[:2]) + 1)
        darker = weight((closed(sketch, size) - sketch).max(axis=2))
        lighter = weight((closed(1 - sketch, size) - (1 - sketch)).max(axis=2))
        favours.append(np.log((darker + 1e-6) / (lighter + 1e-6)))
    return bool(np.mean(favours) >= np.log(DARK_FIRST))


def _looks_like_strokes(mask: Mask) -> bool:
    """Tell whether a region is nowhere thicker than strokes can be, and mostly off the border."""
    side = min(mask.shape)
    # Closed first, as a sheet with writing on it is as thick as the sheet.
    sheet = closed(np.pad(mask, 1).astype(np.float32), odd(USUAL_STROKE * side))
    thickness = 2 * ndimage.distance_transform_edt(sheet).max()
    return bool(share_of_border(mask) < 0.05 and thickness < 0.7 * THICKEST * side)
