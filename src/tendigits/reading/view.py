"""How the lines of a page lean in a picture.

As seen from an angle, lines lean by up to 15 degrees, and each a little more than the one above it.
So a slope and its change from line to line are sought with which most characters are level with
others.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

# The steepest slope of a line, 15 degrees and a bit, and the largest change of the distance between
# lines from the middle to the side, relative to that in the middle.
MAX_SLOPE = 0.28
MAX_CHANGE = 0.2
# Both are sought in steps of this size, and then around the best of them in smaller ones.
SLOPE_STEP, CHANGE_STEP = 0.02, 0.04
FINER = 1 / 3
# How many level pairs outweigh the steepest slope, or the largest change: as many as there are
# characters, times the first figure, but no more than the second. Two are always in one line.
EVIDENCE = (0.6, 4.0)
# Two are level if they differ by less than half their height, that is half of these bins.
BINS = 8
# Specks on a large page count as this fraction of its height, so that the search stays short.
MOST_HEIGHTS = 200

Positions = NDArray[np.float64]
Position = TypeVar("Position", float, Positions)


@dataclass(frozen=True)
class View:
    """How lines lean: what is in one line is at the same level.

    Attributes:
        along: the middle of the page in the direction of the lines.
        across: its middle across the lines.
        reach: the distance from the middle to the sides.
        slope: how far the line through the middle falls per pixel to the right.
        change: how much wider apart the lines are at the right side, as a fraction.
    """

    along: float
    across: float
    reach: float
    slope: float
    change: float

    def level(self, along: Position, across: Position) -> Position:
        """Return the levels of points that are at `along` a line and `across` the lines."""
        right, down = (along - self.along) / self.reach, across - self.across
        return (down - self.slope * self.reach * right) / (1 + self.change * right)


def find_view(middles: Positions, edges: Positions, unit: float, expected: float) -> View:
    """Return the view in which most characters are level with others.

    Args:
        middles: (n,), where the characters are in the direction of the lines, at least one.
        edges: (2, n), their tops and bottoms, one of which may be ragged.
        unit: their usual height; edges that differ by less than half of it are level.
        expected: the slope if few characters are level in any other view.
    """
    middle = float(middles.min() + middles.max()) / 2, float(edges.min() + edges.max()) / 2
    reach = max(1.0, float(np.ptp(middles)) / 2)
    unit = max(unit, float(np.ptp(edges)) / MOST_HEIGHTS)
    right, down = (middles - middle[0]) / reach, (edges - middle[1]) / unit
    slope, change = expected, 0.0
    if len(middles) > 1:
        search = _Search(right, down, reach / unit, expected)
        slopes, changes = _steps(MAX_SLOPE, SLOPE_STEP), _steps(MAX_CHANGE, CHANGE_STEP)
        slope, change = search.best(slopes, changes)
        around = np.arange(-2, 3) * FINER
        slope, change = search.best(slope + SLOPE_STEP * around, change + CHANGE_STEP * around)
    return View(*middle, reach, slope, change)


def _steps(largest: float, step: float) -> Positions:
    count = round(largest / step)
    return np.arange(-count, count + 1) * step


@dataclass(frozen=True, eq=False)
class _Search:
    """Characters whose view is sought.

    Attributes:
        right: (n,), where they are in the direction of the lines, from -1 to 1.
        down: (2, n), where their edges are across the lines, in heights of a character.
        reach: the distance from the middle to the sides, in heights of a character.
        expected: the slope that is expected.
    """

    right: Positions
    down: Positions
    reach: float
    expected: float

    def best(self, slopes: Positions, changes: Positions) -> tuple[float, float]:
        """Return the slope and the change with which most pairs of edges are level."""
        slope, change = (each.reshape(-1, 1) for each in np.meshgrid(slopes, changes))
        pairs = [
            _level_pairs((down - slope * self.reach * self.right) / (1 + change * self.right))
            for down in self.down
        ]
        effort = np.abs(slope - self.expected) / MAX_SLOPE + np.abs(change) / MAX_CHANGE
        evidence = min(EVIDENCE[0] * len(self.right), EVIDENCE[1])
        best = int(np.argmax(np.mean(pairs, axis=0) - evidence * effort.ravel()))
        return float(slope[best, 0]), float(change[best, 0])


def _level_pairs(levels: Positions) -> Positions:
    """Return the number of level pairs in each row; those that differ a little count in part."""
    bins = np.rint((levels - levels.min()) * BINS).astype(np.intp)
    rows, size = len(bins), int(bins.max()) + BINS
    places = bins + size * np.arange(rows)[:, None]
    counts = np.bincount(places.ravel(), minlength=rows * size).reshape(rows, size)
    pairs = (np.square(counts).sum(axis=1) - bins.shape[1]) / 2
    for apart in range(1, BINS // 2):
        products = (counts[:, apart:] * counts[:, :-apart]).sum(axis=1)
        pairs += (1 - 2 * apart / BINS) * products
    return np.asarray(pairs)
