"""Corruptions in pictures: what they look like, and what they cost."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tendigits.evaluation.accuracy.draw_accuracy import show
from tendigits.evaluation.canvas import BLUE, GREEN, GREY, figure
from tendigits.evaluation.corruptions.corrupt import CORRUPTIONS, STRENGTHS, corrupt
from tendigits.evaluation.corruptions.robustness import Robustness

_COLOURS = (BLUE, GREY, GREEN)
_MARKS = ("o-", "s--", "^:")
_SHOWN = 12


def draw_corruption_samples(images: NDArray[np.uint8], path: Path) -> None:
    """Write a PNG of one image under each corruption, a row a corruption, a column a strength."""
    image = images[_SHOWN : _SHOWN + 1]
    with figure(path, (4.6, 11.0)) as drawn:
        grid = drawn.subplots(len(CORRUPTIONS), len(STRENGTHS))
        for row, corruption in zip(grid, CORRUPTIONS, strict=True):
            for axes, strength in zip(row, STRENGTHS, strict=True):
                show(axes, corrupt(image, corruption, strength)[0])
            row[0].text(-0.15, 0.5, corruption, transform=row[0].transAxes, ha="right", va="center")
        for axes, strength in zip(grid[0], STRENGTHS, strict=True):
            axes.set_title(str(strength))


def draw_robustness(robustness: Robustness, path: Path) -> None:
    """Write a PNG of the error at each strength, a small diagram for each corruption."""
    with figure(path, (5.2, 7.6)) as drawn:
        grid = drawn.subplots(5, 3, sharex=True, sharey=True)
        for axes, corruption in zip(grid.flat, CORRUPTIONS, strict=True):
            for classifier, colour, mark in zip(
                robustness.classifiers, _COLOURS, _MARKS, strict=False
            ):
                errors = [100 * error for error in classifier.errors[corruption]]
                label = f"{classifier.name}: {100 * classifier.mean:.1f} % on average"
                axes.plot(STRENGTHS, errors, mark, color=colour, markersize=3, label=label)
            axes.set_title(corruption)
            axes.set_xticks(STRENGTHS)
            axes.set_yscale("symlog", linthresh=1)
            axes.set_ylim(0, 100)
            axes.set_yticks([0, 1, 10, 100], ["0", "1", "10", "100"])
            axes.grid(alpha=0.3)
        drawn.supylabel("wrong answers (%)")
        drawn.supxlabel("strength")
        handles, labels = grid.flat[0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper left")
