"""Ruled and squared paper: its lines are taken off the ink."""

import numpy as np
from scipy import ndimage

from tendigits.pictures.paper import Mask

# A rule is at least so much of the picture long.
RULE_SPAN = 0.9
# and seen along so much of it, digits that stand on it taken off.
RULE_COVER = 0.25
_TOUCHING = np.ones((3, 3), dtype=bool)


def without_rules(mask: Mask) -> Mask:
    """Return the mask without ruled lines: thin ones from one border to the other, nearly straight.

    A stroke that crossed a rule is made whole again.
    """
    kept = mask
    for axis in (0, 1):
        rules, thickness = _rules(mask, axis)
        if thickness:
            kept = kept & ~rules
            bridged = _closing(kept, 2 * thickness + 3, axis)
            kept = kept | (bridged & rules)
    return kept


def _rules(mask: Mask, axis: int) -> tuple[Mask, int]:
    """Return the pixels of thin lines at right angles to `axis`, and how thick they are."""
    along = 1 - axis
    length = mask.shape[along]
    none = np.zeros_like(mask)
    inked = np.flatnonzero(mask.any(axis=axis))
    if length < 60 or not len(inked) or inked[-1] - inked[0] + 1 < RULE_SPAN * length:
        return none, 0
    thickest = max(3, min(mask.shape) // 60)
    thin = mask & ~_opening(mask, thickest + 2, axis)
    # A line that is not quite level is a stair of level runs; digits that stand on it part them.
    runs = _opening(_closing(thin, 9, along), max(10, length // 25), along)
    stairs = _dilation(_dilation(runs, max(15, length // 4), along), 3, axis)
    labels, _ = ndimage.label(stairs, _TOUCHING)
    ruled = np.zeros(labels.max() + 1, dtype=bool)
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        covered = np.flatnonzero((runs[place] & (labels[place] == number)).any(axis=axis))
        span = covered[-1] - covered[0] + 1 if len(covered) else 0
        ruled[number] = len(covered) >= RULE_COVER * length and span >= RULE_SPAN * length
    rules = mask & _dilation(runs & ruled[labels], 3, axis)
    return rules & ~_solid(mask, thickest + 3), thickest if rules.any() else 0


def _solid(mask: Mask, size: int) -> Mask:
    """Return what is at least `size` pixels wide in both directions."""
    size |= 1
    eroded = _erosion(_erosion(mask, size, 0), size, 1)
    return _dilation(_dilation(eroded, size, 0), size, 1)


def _dilation(mask: Mask, size: int, axis: int) -> Mask:
    wider: Mask = ndimage.maximum_filter1d(mask, size, axis=axis)
    return wider


def _erosion(mask: Mask, size: int, axis: int) -> Mask:
    narrower: Mask = ndimage.minimum_filter1d(mask, size, axis=axis, mode="constant", cval=1)
    return narrower


def _opening(mask: Mask, size: int, axis: int) -> Mask:
    """Return what is at least `size` pixels long along `axis`."""
    size |= 1  # odd, so that it comes back to its place
    return _dilation(_erosion(mask, size, axis), size, axis)


def _closing(mask: Mask, size: int, axis: int) -> Mask:
    """Return the mask with gaps shorter than `size` pixels along `axis` filled."""
    size |= 1
    return _erosion(_dilation(mask, size, axis), size, axis)
