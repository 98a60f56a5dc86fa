"""Fields of a form: the lines around digits are taken off the ink."""

import numpy as np
from scipy import ndimage

from tendigits.images.paper import Mask
from tendigits.images.quadrilateral import quadrilateral_of
from tendigits.images.rules import without_rules

# A field takes at least so much of the picture, along one side,
SMALLEST_FIELD = 0.15
# its lines are no thicker than this share of its shorter side,
THICKEST_LINE = 0.05
# and there is ink on so much of what they enclose.
LEAST_INK = 0.003
_TOUCHING = np.ones((3, 3), dtype=bool)


def without_fields(mask: Mask) -> Mask:
    """Return the mask without lines of four corners around other ink, and what parts them."""
    kept = mask.copy()
    labels, _ = ndimage.label(mask, _TOUCHING)
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        sides = np.array([part.stop - part.start for part in place])
        if (sides < 20).any() or (sides < SMALLEST_FIELD * np.array(mask.shape)).all():
            continue
        if any(p.start == 0 or p.stop == side for p, side in zip(place, mask.shape, strict=True)):
            continue  # squared paper goes on beyond the picture
        figure = labels[place] == number
        inside = _inside_of_field(figure, mask[place])
        if inside is not None:
            (within,) = ndimage.find_objects(inside.astype(np.int8))
            kept[place] &= inside | ~figure
            kept[place][within] = without_rules(kept[place][within])
    return kept


def _inside_of_field(figure: Mask, mask: Mask) -> Mask | None:
    """Return what lies within the outer lines of a field; None where a figure is no field."""
    framed = np.pad(ndimage.binary_fill_holes(figure), 1)
    hollow = 0.5 * framed.sum() > figure.sum()
    if not hollow or quadrilateral_of(framed) is None:
        return None
    rim = framed & ~ndimage.binary_erosion(framed)
    thickness = figure.sum() / rim.sum()
    if thickness > max(2.0, THICKEST_LINE * min(figure.shape)):
        return None
    inside: Mask = ndimage.binary_erosion(framed, iterations=round(1.5 * thickness) + 1)[1:-1, 1:-1]
    if (mask & inside).sum() < LEAST_INK * inside.sum():
        return None
    return inside
