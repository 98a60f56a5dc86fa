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
# They are sought in so many steps to each side; both together in this range of slopes.
STEPS = 30
CHANGE_STEPS = 10
NEAR_SLOPE = 0.03
# How many level pairs outweigh the steepest slope, or the largest change: as many as there are
# characters, times the first figure, but no more than the second. Two are always in one line.
EVIDENCE = (0.6, 4.0)
# Two are level if they differ by less than half their height, that is half of these bins.
BINS = 8

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


def find_view(along: Positions, across: Positions, unit: float) -> View:
    """Return the view in which most points are level with others.

    Args:
        along: (n,), where the points are in the direction of the lines, at least one.
        across: (n,), where they are across the lines.
        unit: the size of a character; points that differ by less than half of it are level.
    """
    middle = float(along.min() + along.max()) / 2, float(across.min() + across.max()) / 2
    reach = max(1.0, float(np.ptp(along)) / 2)
    right, down = (along - middle[0]) / reach, (across - middle[1]) / unit
    steepness = reach / unit
    slope, change = 0.0, 0.0
    if len(along) > 1:
        slopes = np.linspace(-MAX_SLOPE, MAX_SLOPE, 2 * STEPS + 1)
        slope, _ = _best(right, down, steepness, slopes, np.zeros(1))
        changes = np.linspace(-MAX_CHANGE, MAX_CHANGE, 2 * CHANGE_STEPS + 1)
        near = slopes[np.abs(slopes - slope) < NEAR_SLOPE]
        slope, change = _best(right, down, steepness, near, changes)
    return View(*middle, reach, slope, change)


def _best(
    right: Positions, down: Positions, steepness: float, slopes: Positions, changes: Positions
) -> tuple[float, float]:
    """Return the slope and the change with which most pairs of points are level."""
    slope, change = (each.reshape(-1, 1) for each in np.meshgrid(slopes, changes))
    levels = (down - slope * steepness * right) / (1 + change * right)
    effort = (np.abs(slope) / MAX_SLOPE + np.abs(change) / MAX_CHANGE).ravel()
    evidence = min(EVIDENCE[0] * len(right), EVIDENCE[1])
    best = int(np.argmax(_level_pairs(levels) - evidence * effort))
    return float(slope[best, 0]), float(change[best, 0])


def _level_pairs(levels: Positions) -> Positions:
    """Return the number of level pairs in each row; pairs that differ a little count in part."""
    bins = np.rint((levels - levels.min()) * BINS).astype(np.intp)
    rows, size = len(bins), int(bins.max()) + BINS
    places = bins + size * np.arange(rows)[:, None]
    counts = np.bincount(places.ravel(), minlength=rows * size).reshape(rows, size)
    pairs = (np.square(counts).sum(axis=1) - bins.shape[1]) / 2
    for apart in range(1, BINS // 2):
        products = (counts[:, apart:] * counts[:, :-apart]).sum(axis=1)
        pairs += (1 - 2 * apart / BINS) * products
    return np.asarray(pairs)
