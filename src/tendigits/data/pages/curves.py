"""Curves through points."""

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]  # (n, 2), x and y


def ring(count: int, turn: float) -> Points:
    """Return `count` points around (0, 0) at equal distances, the first at the angle `turn`."""
    angles = turn + np.arange(count) * 2 * np.pi / count
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def closed(points: Points) -> Points:
    """Return the points with the first one again at the end."""
    return np.concatenate([points, points[:1]])


def smooth_curve(points: Points) -> Points:
    """Return a smooth curve through points (n, 2): a Catmull-Rom spline."""
    before = np.concatenate([points[:1], points[:-1]])[:-1, None]
    start, end = points[:-1, None], points[1:, None]
    after = np.concatenate([points[2:], points[-1:]])[:, None]
    t = np.linspace(0, 1, 6, endpoint=False)[None, :, None]
    curve = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )
    smooth: Points = curve.reshape(-1, 2)
    return smooth
