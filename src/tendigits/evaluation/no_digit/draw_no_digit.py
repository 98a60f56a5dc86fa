"""What is no digit, in pictures."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tendigits.evaluation.accuracy.draw_accuracy import show
from tendigits.evaluation.canvas import BLUE, RED, figure

_SHOWN = 8
_BINS = np.linspace(0, 100, 21)


def draw_no_digits(sets: Mapping[str, NDArray[np.uint8]], path: Path) -> None:
    """Write a PNG of samples of each set of images that show no digit."""
    with figure(path, (5.2, 0.75 * len(sets))) as drawn:
        grid = drawn.subplots(len(sets), _SHOWN)
        for row, (name, images) in zip(grid, sets.items(), strict=True):
            for axes, image in zip(row, images, strict=False):
                show(axes, image)
            row[0].set_title(name, loc="left")


def draw_sureness(
    of_digits: NDArray[np.float32], of_sets: Mapping[str, NDArray[np.float32]], path: Path
) -> None:
    """Write a PNG of how sure the classifier is of digits, and of each set of what is none."""
    rows = {"digits of the test set": of_digits, **of_sets}
    with figure(path, (4.6, 0.85 * len(rows) + 0.4)) as drawn:
        grid = drawn.subplots(len(rows), 1, sharex=True)
        for axes, (name, sureness) in zip(grid, rows.items(), strict=True):
            weights = np.full(len(sureness), 100 / len(sureness))
            colour = BLUE if sureness is of_digits else RED
            axes.hist(100 * sureness, _BINS, weights=weights, color=colour)
            axes.set_title(name, x=0.02, y=0.7, loc="left")
            axes.set_ylim(0, 100)
            axes.set_yticks([0, 100], ["0", "100 %"], fontsize=7)
        grid[-1].set_xlabel("probability of the likeliest digit (%)")
