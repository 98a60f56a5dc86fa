"""The plots of corrupted images, which alone need scipy."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tendigits.evaluation.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from tendigits.evaluation.plots import BLUE, GREEN, GREY, RED, new_figure, show
from tendigits.evaluation.robustness import Robustness

_SAMPLE = 12  # the test image that corruptions are shown on
_LINES = ((BLUE, "o-"), (GREY, "s--"), (GREEN, "^:"), (RED, "v-."), ("black", "x:"))


def plot_corruption_samples(images: NDArray[np.uint8]) -> Figure:
    """Plot one test image under each corruption, one column per strength."""
    image = images[_SAMPLE : _SAMPLE + 1]
    with new_figure(4.6, 11.0) as figure:
        grid = figure.subplots(len(CORRUPTIONS), len(STRENGTHS))
        for row, corruption in zip(grid, CORRUPTIONS, strict=True):
            for axes, strength in zip(row, STRENGTHS, strict=True):
                show(axes, corrupt(image, corruption, strength)[0])
            row[0].text(-0.15, 0.5, corruption, transform=row[0].transAxes, ha="right", va="center")
        for axes, strength in zip(grid[0], STRENGTHS, strict=True):
            axes.set_title(str(strength))
    return figure


def plot_robustness(robustness: Robustness) -> Figure:
    """Plot the errors at each strength, one plot per corruption, one line per classifier."""
    with new_figure(5.2, 7.6) as figure:
        grid = figure.subplots(5, 3, sharex=True, sharey=True)
        for axes, corruption in zip(grid.flat, CORRUPTIONS, strict=True):
            for classifier, (colour, line) in zip(robustness.classifiers, _LINES, strict=False):
                errors = [100 * error for error in classifier.errors[corruption]]
                label = f"{classifier.name}: {100 * classifier.mean:.1f} % on average"
                axes.plot(STRENGTHS, errors, line, color=colour, markersize=3, label=label)
            axes.set_title(corruption)
            axes.set_xticks(STRENGTHS)
            axes.set_yscale("symlog", linthresh=1)
            axes.set_ylim(0, 100)
            axes.set_yticks([0, 1, 10, 100], ["0", "1", "10", "100"])
            axes.grid(alpha=0.3)
        figure.supylabel("errors (%)")
        figure.supxlabel("strength")
        handles, labels = grid.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left")
    return figure
