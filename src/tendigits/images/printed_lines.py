"""Printed lines: the rules of ruled and squared paper, and the borders of form fields."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tendigits.images.paper import Mask
from tendigits.images.sheet import quadrilateral_of

# The ends of a rule are at least this fraction of its path through the picture apart,
RULE_SPAN = 0.9
# and it is visible along at least this fraction of the path; digits may cover the rest.
RULE_COVER = 0.25
# On paper with at least this many rules, others may be faint or cross a corner of the picture.
RULED_FROM = 3
# Their length is at least this fraction of the picture, and this fraction of it is visible.
SHORTEST_RULE = 0.15
UNBROKEN = 0.8
# The largest slope of a rule,
STEEPEST = 0.27
# and its largest distance from a straight line, as a fraction of its length.
BENT = 0.01
MAX_RULES = 150
# A form field covers at least this fraction of one side of the picture,
SMALLEST_FIELD = 0.15
# its lines are at most this fraction of its shorter side thick,
THICKEST_LINE = 0.05
# and at least this fraction of its inside is ink.
LEAST_INK = 0.003
_SKETCH_LENGTH = 400  # pixels; lines are searched in a mask of at most this length
_NEIGHBOURS = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True)
class _Points:
    """Pixels of thin ink in a downsampled mask.

    Attributes:
        along: (n,), their coordinates along the rules, from the middle of the picture.
        across: (n,), their coordinates across the rules.
        length: the size of the picture along the rules.
        height: the size of the picture across the rules.
    """

    along: NDArray[np.float64]
    across: NDArray[np.float64]
    length: int
    height: int

    def chosen(self, where: Mask) -> "_Points":
        """Return the points that a mask (n,) chooses."""
        return _Points(self.along[where], self.across[where], self.length, self.height)

    def are_a_rule(self, curve: np.poly1d, rules: int) -> bool:
        """Return whether these points on a curve are a rule, on paper with `rules` others."""
        if not len(self.along):
            return False
        covered = len(np.unique(self.along))
        span = float(np.ptp(self.along)) + 1
        heights = curve(np.arange(self.length) - (self.length - 1) / 2)
        path = int(((heights >= 0) & (heights <= self.height - 1)).sum())
        if path >= self.length / 2 and span >= RULE_SPAN * path and covered >= RULE_COVER * path:
            return True
        is_long = span >= SHORTEST_RULE * self.length
        return rules >= RULED_FROM and is_long and covered >= UNBROKEN * span


def without_fields(mask: Mask) -> Mask:
    """Return the mask without the borders of form fields, and the lines between their cells."""
    kept = mask.copy()
    labels, _ = ndimage.label(mask, _NEIGHBOURS)
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        sides = np.array([part.stop - part.start for part in place])
        if (sides < 20).any() or (sides < SMALLEST_FIELD * np.array(mask.shape)).all():
            continue
        if any(p.start == 0 or p.stop == side for p, side in zip(place, mask.shape, strict=True)):
            continue  # squared paper reaches beyond the picture
        region = labels[place] == number
        inside = _inside_of_field(region, mask[place])
        if inside is not None:
            (within,) = ndimage.find_objects(inside.astype(np.int8))
            kept[place] &= inside | ~region
            kept[place][within] = without_rules(kept[place][within])
    return kept


def _inside_of_field(region: Mask, mask: Mask) -> Mask | None:
    """Return the mask of the inside of a form field; None if the region is not a form field."""
    framed = np.pad(ndimage.binary_fill_holes(region), 1)
    hollow = 0.5 * framed.sum() > region.sum()
    if not hollow or quadrilateral_of(framed) is None:
        return None
    rim = framed & ~ndimage.binary_erosion(framed)
    thickness = region.sum() / rim.sum()
    if thickness > max(2.0, THICKEST_LINE * min(region.shape)):
        return None
    inside: Mask = ndimage.binary_erosion(framed, iterations=round(1.5 * thickness) + 1)[1:-1, 1:-1]
    if (mask & inside).sum() < LEAST_INK * inside.sum():
        return None
    return inside


def without_rules(mask: Mask) -> Mask:
    """Return the mask without rules: thin, nearly straight lines from border to border.

    Strokes that cross a rule stay connected.
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
    """Return the mask of the rules perpendicular to `axis`, and their thickness in pixels."""
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
    """Return thin ink as points, one for each block of `step` times `step` pixels."""
    across, along = np.nonzero(thin)
    length = -(-thin.shape[1] // step)
    squares = np.unique((across // step) * length + along // step)
    height = -(-thin.shape[0] // step)
    return _Points(squares % length - (length - 1) / 2, squares // length + 0.0, length, height)


def _lines(points: _Points) -> Iterator[np.poly1d]:
    """Yield the nearly straight curves with enough points to be rules, one after another.

    Points vote for the straight lines through them. Source: R. Duda, P. Hart, "Use of the Hough
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
    for _ in range(MAX_RULES):
        pairs = votes[:, 1:] + votes[:, :-1]
        best, height = np.unravel_index(pairs.argmax(), pairs.shape)
        if pairs[best, height] < UNBROKEN * SHORTEST_RULE * points.length:
            return
        straight = np.poly1d([slopes[best], height + 0.5 + lowest])
        on_it = _near(points, straight, 1 + BENT * points.length)
        curve = _fitted(points.chosen(on_it), straight)
        on_it = _near(points, curve, 2)
        if points.chosen(on_it).are_a_rule(curve, found):
            yield curve
            found += 1
            votes -= votes_of(points.chosen(on_it))
            points = points.chosen(~on_it)
        else:
            votes[best, height : height + 2] = 0


def _fitted(points: _Points, line: np.poly1d) -> np.poly1d:
    """Return the parabola that fits the points near a line, without outliers."""
    for degree in (1, 2):
        near = points.chosen(_near(points, line, 2.5 if degree == 2 else 4))
        if len(np.unique(near.along)) < 10:
            return line
        line = np.poly1d(np.polyfit(near.along, near.across, degree))
    return line


def _near(points: _Points, curve: np.poly1d, distance: float) -> Mask:
    """Return a mask (n,) of the points within a distance from a curve."""
    near: Mask = np.abs(points.across - curve(points.along)) <= distance
    return near


def _stripe(thin: Mask, rule: np.poly1d, step: int, thickest: int) -> tuple[Mask, int]:
    """Return the mask of a rule in the full-size picture, and its thickness in pixels."""
    length = -(-thin.shape[1] // step)
    along = np.arange(thin.shape[1])
    middle = step * rule((along - (step - 1) / 2) / step - (length - 1) / 2) + (step - 1) / 2
    distance = np.abs(np.arange(thin.shape[0])[:, None] - middle)
    own = thin & (distance <= thickest / 2 + step + 1)
    columns = own.sum(axis=0)
    thickness = float(np.median(columns[columns > 0])) if columns.any() else 0.0
    return distance <= (thickness + step + 1) / 2, round(thickness)


def _solid(mask: Mask, size: int) -> Mask:
    """Return the parts that are at least `size` pixels wide in both directions."""
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
    """Return the parts that are at least `size` pixels long along `axis`."""
    size |= 1  # odd, so that the parts are not shifted
    return _dilation(_erosion(mask, size, axis), size, axis)


def _closing(mask: Mask, size: int, axis: int) -> Mask:
    """Return the mask with gaps shorter than `size` pixels along `axis` filled."""
    size |= 1
    return _erosion(_dilation(mask, size, axis), size, axis)
