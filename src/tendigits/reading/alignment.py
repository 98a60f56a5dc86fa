"""Boxes into lines, which may lean.

Heights differ: a 1 is beside a 9 that hangs lower, a point is at the base line, and some boxes are
of no character at all. So lines are made of the boxes of a typical height first:

1. All boxes are made level (see `view`).
2. From left to right, each joins the line whose last three boxes it overlaps most in height.
3. Small, large and unlikely boxes join the line whose nearest boxes they are beside; those that are
   beside no line make lines in the same way.

With x and y exchanged, the same makes columns.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.images import percentile
from tendigits.reading.view import Positions, View, find_view

# The heights of the boxes that lines are made of, relative to the median.
TYPICAL = (0.55, 1.8)
# How many boxes at the end of a line, or around a place in it, give its top and bottom there.
NEAREST = 3
# How far above and below a line the centre of a small box may be, relative to the line's height.
ABOVE, BELOW = 0.3, 0.45
# The tallest box that belongs to a line, relative to the line's height.
TALLEST = 3.0

# (n, 4): left, top, right, bottom.
Boxes = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Alignment:
    """Boxes in lines.

    Attributes:
        lines: the indices of the boxes of each line, from left to right; the lines from top to
            bottom.
        view: how the lines lean.
        boxes: (n, 4), the boxes, with their levels as top and bottom.
    """

    lines: Sequence[Sequence[int]]
    view: View
    boxes: Boxes


def align(boxes: Boxes, likely: Collection[int], overlap: float, slope: float = 0.0) -> Alignment:
    """Return all boxes in lines.

    Args:
        boxes: (n, 4), at least one, none of them empty.
        likely: the indices of those that lines are made of, at least one.
        overlap: the smallest overlap of a box with its line, relative to the lower of both.
        slope: the slope of the lines that is expected.
    """
    middles, chosen = _middles(boxes), sorted(likely)
    unit = percentile(_heights(boxes[chosen]), 50)
    view = find_view(middles[chosen], boxes[chosen][:, [1, 3]].T, unit, slope)
    level = boxes.copy()
    for side in (1, 3):
        level[:, side] = view.level(middles, boxes[:, side])
    lines: list[list[int]] = []
    left = list(range(len(boxes)))
    while left:
        first = [each for each in left if each in likely] or left
        found, left = _lines_of(level, left, first, overlap)
        lines += found
    lines.sort(key=lambda line: float(_centres(level[line]).mean()))
    return Alignment([sorted(line, key=lambda each: middles[each]) for line in lines], view, level)


def _lines_of(
    level: Boxes, among: list[int], likely: list[int], overlap: float
) -> tuple[list[list[int]], list[int]]:
    """Return lines of the likely boxes of a typical height, and what is beside no line."""
    heights = _heights(level)
    median = percentile(heights[likely], 50)
    typical = [each for each in likely if _is_between(heights[each] / median, TYPICAL)]
    if not typical:  # half of them low, half of them tall
        typical = [each for each in likely if heights[each] >= median]
    cores = _follow(level, typical, overlap)
    others = sorted(set(among) - set(typical))
    lines, left = [list(core) for core in cores], []
    for each, home in zip(others, _lines_beside(level, cores, others), strict=True):
        if home is None:
            left.append(each)
        else:
            lines[home].append(each)
    return lines, left


def _follow(level: Boxes, chosen: list[int], overlap: float) -> list[list[int]]:
    """Return lines, followed from left to right."""
    lines: list[list[int]] = []
    ends = np.zeros((len(chosen), 2))  # the top and the bottom of each line at its end
    middles = _middles(level)
    for each in sorted(chosen, key=lambda each: middles[each]):
        top, bottom = level[each, [1, 3]]
        tops, bottoms = ends[: len(lines)].T
        lower = np.minimum(bottoms - tops, bottom - top)
        overlaps = (np.minimum(bottoms, bottom) - np.maximum(tops, top)) / lower
        home = int(overlaps.argmax()) if lines else -1
        if home < 0 or overlaps[home] < overlap:
            home = len(lines)
            lines.append([])
        lines[home].append(each)
        ends[home] = level[lines[home][-NEAREST:]][:, [1, 3]].mean(axis=0)
    return lines


def _lines_beside(level: Boxes, lines: list[list[int]], others: list[int]) -> list[int | None]:
    """Return which line each of the other boxes is beside; None if there is none."""
    boxes = level[others]
    centres, middles, heights = _centres(boxes), _middles(boxes), _heights(boxes)
    best, home = np.full(len(others), np.inf), np.full(len(others), -1)
    for number, line in enumerate(lines):
        tops, bottoms = bands(level[line], middles)
        height, line_centres = bottoms - tops, (tops + bottoms) / 2
        is_near = (centres >= tops - ABOVE * height) & (centres <= bottoms + BELOW * height)
        is_across = (boxes[:, 1] <= line_centres) & (line_centres <= boxes[:, 3])
        is_across &= heights <= TALLEST * height
        distances = np.abs(centres - line_centres) / height
        is_better = (is_near | is_across) & (distances < best)
        best[is_better], home[is_better] = distances[is_better], number
    return [None if each < 0 else int(each) for each in home]


def bands(members: Boxes, middles: Positions) -> tuple[Positions, Positions]:
    """Return the top and the bottom of a line at some places from left to right."""
    apart = np.abs(_middles(members) - middles[:, None])
    near = members[apart.argsort(axis=1)[:, :NEAREST]]
    return near[..., 1].mean(axis=1), near[..., 3].mean(axis=1)


def _is_between(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]


def _middles(boxes: Boxes) -> Positions:
    return np.asarray(boxes[:, 0] + boxes[:, 2]) / 2


def _centres(boxes: Boxes) -> Positions:
    return np.asarray(boxes[:, 1] + boxes[:, 3]) / 2


def _heights(boxes: Boxes) -> Positions:
    return np.asarray(boxes[:, 3] - boxes[:, 1])
