"""Ruled and squared paper: its lines are taken off the ink."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tendigits.images.paper import Mask

# A rule is seen from one end to the other of its way through the picture, nearly,
RULE_SPAN = 0.9
# and along so much of that way, digits that stand on it taken off.
RULE_COVER = 0.25
# Where there are so many, others may be rules that fade, or cut a corner of the picture:
RULED_FROM = 3
# at least so much of the picture long, and seen along most of that.
SHORTEST_RULE = 0.15
UNBROKEN = 0.8
# It rises or falls by no more than this, in shares of its length,
STEEPEST = 0.27
# and bends away from a straight line by no more than this.
BENT = 0.01
MOST_RULES = 150
_SKETCH_LENGTH = 400  # pixels to which a rule's length is brought while lines are looked for


@dataclass(frozen=True)
class _Points:
    """Pixels of thin ink, brought to a smaller size.

    Attributes:
        along: (n,) where they are along the rules, from the middle of the picture.
        across: (n,) and across them.
        length: how long the picture is along the rules.
        height: and how long across them.
    """

    along: NDArray[np.float64]
    across: NDArray[np.float64]
    length: int
    height: int

    def chosen(self, where: Mask) -> "_Points":
        """Return some of them."""
        return _Points(self.along[where], self.across[where], self.length, self.height)

    def make_a_rule(self, curve: np.poly1d, rules: int) -> bool:
        """Tell whether they, who lie on a curve, are a rule where `rules` others were found."""
        if not len(self.along):
            return False
        covered = len(np.unique(self.along))
        span = float(np.ptp(self.along)) + 1
        heights = curve(np.arange(self.length) - (self.length - 1) / 2)
        way = int(((heights >= 0) & (heights <= self.height - 1)).sum())
        if way >= self.length / 2 and span >= RULE_SPAN * way and covered >= RULE_COVER * way:
            return True
        is_long = span >= SHORTEST_RULE * self.length
        return rules >= RULED_FROM and is_long and covered >= UNBROKEN * span


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
    length = mask.shape[1 - axis]
    inked = np.flatnonzero(mask.any(axis=axis))
    if length < 60 or not len(inked) or inked[-1] - inked[0] + 1 < RULE_SPAN * length:
        return np.zeros_like(mask), 0
    thickest = max(3, min(mask.shape) // 60)
    thin = mask & ~_opening(mask, thickest + 2, axis)
    level = thin if axis == 0 else thin.T
    step = -(-length // _SKETCH_LENGTH)
    near, thickness = np.zeros_like(level), 0
    for rule in _lines(_points(level, step)):
        stripe, width = _stripe(level, rule, step, thickest)
        near |= stripe
        thickness = max(thickness, width)
    rules = mask & (near if axis == 0 else near.T) & ~_solid(mask, thickest + 3)
    return rules, thickness if rules.any() else 0


def _points(thin: Mask, step: int) -> _Points:
    """Return thin ink as points, each for a square of `step` pixels a side."""
    across, along = np.nonzero(thin)
    length = -(-thin.shape[1] // step)
    squares = np.unique((across // step) * length + along // step)
    height = -(-thin.shape[0] // step)
    return _Points(squares % length - (length - 1) / 2, squares // length + 0.0, length, height)


def _lines(points: _Points) -> Iterator[np.poly1d]:
    """Yield the curves, nearly straight and level, on which enough points lie, one by one.

    Points vote for the straight lines they lie on. Source: R. Duda, P. Hart, "Use of the Hough
    transformation to detect lines and curves in pictures", 1972.
    """
    slopes = np.arange(-STEEPEST, STEEPEST, 3 / points.length)
    lowest = -int(STEEPEST * points.length / 2) - 2
    size = points.height - 2 * lowest + 2

    def votes_of(voters: _Points) -> NDArray[np.int64]:
        heights = voters.across - slopes[:, None] * voters.along - lowest
        cells = heights.round().astype(np.int64) + size * np.arange(len(slopes))[:, None]
        return np.bincount(cells.ravel(), minlength=size * len(slopes)).reshape(-1, size)

    votes, found = votes_of(points), 0
    for _ in range(MOST_RULES):
        pairs = votes[:, 1:] + votes[:, :-1]
        best, height = np.unravel_index(pairs.argmax(), pairs.shape)
        if pairs[best, height] < UNBROKEN * SHORTEST_RULE * points.length:
            return
        straight = np.poly1d([slopes[best], height + 0.5 + lowest])
        on_it = _beside(points, straight, 1 + BENT * points.length)
        curve = _fitted(points.chosen(on_it), straight)
        on_it = _beside(points, curve, 2)
        if points.chosen(on_it).make_a_rule(curve, found):
            yield curve
            found += 1
            votes -= votes_of(points.chosen(on_it))
            points = points.chosen(~on_it)
        else:
            votes[best, height : height + 2] = 0


def _fitted(points: _Points, line: np.poly1d) -> np.poly1d:
    """Return the line bent to fit the points near it, those farthest from it left out."""
    for degree in (1, 2):
        near = points.chosen(_beside(points, line, 2.5 if degree == 2 else 4))
        if len(np.unique(near.along)) < 10:
            return line
        line = np.poly1d(np.polyfit(near.along, near.across, degree))
    return line


def _beside(points: _Points, curve: np.poly1d, distance: float) -> Mask:
    beside: Mask = np.abs(points.across - curve(points.along)) <= distance
    return beside


def _stripe(thin: Mask, rule: np.poly1d, step: int, thickest: int) -> tuple[Mask, int]:
    """Return the pixels of a rule, in full size, and how thick it is."""
    length = -(-thin.shape[1] // step)
    along = np.arange(thin.shape[1])
    middle = step * rule((along - (step - 1) / 2) / step - (length - 1) / 2) + (step - 1) / 2
    distance = np.abs(np.arange(thin.shape[0])[:, None] - middle)
    own = thin & (distance <= thickest / 2 + step + 1)
    columns = own.sum(axis=0)
    thickness = float(np.median(columns[columns > 0])) if columns.any() else 0.0
    return distance <= (thickness + step + 1) / 2, round(thickness)


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
