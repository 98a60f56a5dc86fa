"""Plots, each a function that returns a matplotlib figure; `save` writes one as a PNG."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tendigits.classifiers import Predictions
from tendigits.evaluation.calibration import Calibration, CalibrationMetrics, SelectivePoint
from tendigits.evaluation.cost import Costs
from tendigits.evaluation.label_errors import LABEL_ERRORS
from tendigits.evaluation.metrics import ConfusedPair, Metrics, Misclassified
from tendigits.evaluation.report import AdversarialRobustness
from tendigits.files import atomic_write

BLUE, RED, GREY, GREEN = "#1b6ca8", "#d1495b", "#8a8f98", "#3c8d5a"
_DOTS_PER_INCH = 160
_DARK = 0.55  # of the darkest colour; black text on it has less contrast than white text
_WORST = (3, 8)  # rows and columns of the worst errors
_IMAGES_PER_PAIR = 6
_IMAGES_PER_SET = 8


@contextmanager
def new_figure(width: float, height: float) -> Iterator[Figure]:
    """Yield an empty figure, in inches, to draw on in this package's style.

    It is made without pyplot: nothing is shown, and nothing global is kept.
    """
    with mpl.rc_context(
        {
            "font.size": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 10,
            "legend.frameon": False,
        }
    ):
        yield Figure(figsize=(width, height), dpi=_DOTS_PER_INCH, layout="constrained")


def save(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG, atomically."""
    with atomic_write(path) as partial:
        figure.savefig(partial, format="png")


def plot_confusion(metrics: Metrics, class_names: Sequence[str]) -> Figure:
    """Plot the confusion matrix; the colours show the errors, not the correct predictions."""
    counts = np.array(metrics.confusion)
    errors = counts - np.diag(np.diag(counts))
    with new_figure(5.2, 5.2) as figure:
        axes = figure.subplots()
        darkest = max(1, 1.4 * errors.max())
        axes.imshow(errors, cmap="Reds", vmax=darkest)
        for (label, predicted), count in np.ndenumerate(counts):
            correct = label == predicted
            axes.text(
                predicted,
                label,
                f"{count:,}" if count else "·",
                ha="center",
                va="center",
                fontsize=8,
                weight="bold" if correct else "normal",
                color=_text_colour(count / darkest, is_correct=bool(correct), is_zero=not count),
            )
        long_names = max(len(name) for name in class_names) > 2
        axes.set_xticks(range(len(class_names)), class_names, rotation=45 if long_names else 0)
        axes.set_yticks(range(len(class_names)), class_names)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")
        axes.set_title(
            f"{metrics.images:,} test images, {sum(metrics.errors_per_class):,} errors "
            f"({100 * metrics.accuracy:.2f} % correct)"
        )
    return figure


def plot_worst_errors(
    images: NDArray[np.uint8], errors: Sequence[Misclassified], class_names: Sequence[str]
) -> Figure:
    """Plot the first 24 misclassified images.

    Args:
        images: (n, 28, 28), the test images.
        errors: the misclassified images, worst first.
        class_names: what the classes are called.
    """
    with new_figure(9.4, 4.6) as figure:
        figure.suptitle("The worst errors: true → predicted class and its probability")
        axes = figure.subplots()
        axes.axis("off")
        rows, columns = _WORST
        # One pair of axes for all images: drawing 24 takes a second.
        for number, error in enumerate(errors[: rows * columns]):
            row, column = divmod(number, columns)
            left, top = 46 * column, 50 * row
            place = (left, left + 28, top + 28, top)
            axes.imshow(255 - images[error.index], cmap="gray", vmin=0, vmax=255, extent=place)
            title = (
                f"{class_names[error.label]} → {class_names[error.predicted]}  "
                f"{100 * error.confidence:.0f} %\nimage {error.index}"
            )
            axes.text(left + 14, top - 2, title, ha="center", va="bottom", fontsize=8)
        axes.set_xlim(-9, 46 * columns - 9)
        axes.set_ylim(50 * rows - 20, -14)
    return figure


def plot_confused_pairs(
    images: NDArray[np.uint8],
    pairs: Sequence[ConfusedPair],
    errors: Sequence[Misclassified],
    class_names: Sequence[str],
) -> Figure:
    """Plot misclassified images of the most confused pairs of classes, one row per pair."""
    rows = max(1, len(pairs))
    with new_figure(5.2, 0.5 + 0.95 * rows) as figure:
        grid = figure.subplots(rows, _IMAGES_PER_PAIR, squeeze=False)
        for axes in grid.flat:
            axes.axis("off")
        for row, pair in zip(grid, pairs, strict=False):
            shown = [each for each in errors if {each.label, each.predicted} == set(pair.classes)]
            for axes, error in zip(row, shown, strict=False):
                title = f"{class_names[error.label]} → {class_names[error.predicted]}"
                show(axes, images[error.index], title)
    return figure


def plot_label_errors(images: NDArray[np.uint8], predicted: Sequence[int]) -> Figure:
    """Plot MNIST's 15 test images whose label is in doubt.

    Args:
        images: (10000, 28, 28), MNIST's test images.
        predicted: the predicted class of each of the 15; red where it is the doubtful label.
    """
    with new_figure(9.4, 3.9) as figure:
        *grid, unused = figure.subplots(2, 8).flat
        unused.remove()
        for axes, error, digit in zip(grid, LABEL_ERRORS, predicted, strict=True):
            seen = str(error.seen) if error.seen is not None else error.verdict
            show(
                axes, images[error.index], f"image {error.index}\nlabel {error.given}\nseen: {seen}"
            )
            colour = RED if digit == error.given else BLUE
            axes.text(
                *(0.5, -0.04),
                f"predicted: {digit}",
                transform=axes.transAxes,
                ha="center",
                va="top",
                fontsize=8,
                color=colour,
            )
    return figure


def plot_reliability(calibration: Calibration) -> Figure:
    """Plot accuracy against confidence, and the number of predictions at each confidence."""
    with new_figure(4.4, 4.8) as figure:
        upper, lower = figure.subplots(2, 1, height_ratios=(3, 1), sharex=True)
        upper.plot([0, 100], [0, 100], color=GREY, linewidth=1, linestyle="--")
        _plot_bins(upper, calibration.before, RED, "before the temperature")
        if calibration.after is not None:
            _plot_bins(upper, calibration.after, BLUE, "after the temperature")
        upper.set_ylabel("accuracy (%)")
        figure.legend(loc="outside upper left")
        upper.grid(alpha=0.3)
        bins = calibration.final.bins
        confidences = [100 * each.confidence for each in bins]
        lower.bar(confidences, [each.images for each in bins], 3, color=BLUE)
        lower.set_yscale("log")
        lower.set_ylabel("predictions")
        lower.set_xlabel("confidence (%)")
    return figure


def plot_selective(selective: Sequence[SelectivePoint]) -> Figure:
    """Plot the errors against the fraction of the predictions that is accepted."""
    with new_figure(4.4, 3.4) as figure:
        axes = figure.subplots()
        coverages = [100 * point.coverage for point in selective]
        axes.plot(
            coverages, [10_000 * (1 - point.accuracy) for point in selective], "o-", color=BLUE
        )
        axes.set_xlabel("coverage: accepted predictions (%)")
        axes.set_ylabel("errors per 10,000 accepted predictions")
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
    return figure


def plot_ood_samples(sets: Mapping[str, NDArray[np.uint8]]) -> Figure:
    """Plot the first images of each set of out-of-distribution images, one row per set."""
    with new_figure(5.2, 0.75 * len(sets)) as figure:
        grid = figure.subplots(len(sets), _IMAGES_PER_SET, squeeze=False)
        for row, (name, images) in zip(grid, sets.items(), strict=True):
            for axes, image in zip(row, images, strict=False):
                show(axes, image)
            row[0].set_title(name, loc="left")
    return figure


def plot_confidence(digits: Predictions, sets: Mapping[str, Predictions]) -> Figure:
    """Plot histograms of the confidence for digits and for each set of OOD images."""
    rows = {"digits of the test set": digits, **sets}
    with new_figure(4.6, 0.85 * len(rows) + 0.4) as figure:
        grid = figure.subplots(len(rows), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (name, predictions) in zip(grid, rows.items(), strict=True):
            weights = np.full(len(predictions), 100 / len(predictions))
            colour = BLUE if predictions is digits else RED
            bins = np.linspace(0, 100, 21)
            axes.hist(100 * predictions.confidence, bins, weights=weights, color=colour)
            axes.set_title(name, x=0.02, y=0.7, loc="left")
            axes.set_ylim(0, 100)
            axes.set_yticks([0, 100], ["0", "100 %"], fontsize=7)
        grid[-1].set_xlabel("confidence (%)")
    return figure


def plot_adversarial(adversarial: AdversarialRobustness) -> Figure:
    """Plot the accuracy against the size of the change, one line per attack."""
    with new_figure(9.4, 3.4) as figure:
        axes = figure.subplots()
        for name, colour in (("FGSM", BLUE), ("PGD", RED)):
            attacks = [each for each in adversarial.attacks if each.name == name]
            accuracies = [100 * each.accuracy for each in attacks]
            axes.plot(
                [0, *(each.epsilon for each in attacks)],
                [100 * adversarial.clean_accuracy, *accuracies],
                "o-",
                color=colour,
            )
            first = (attacks[0].epsilon, accuracies[0])
            axes.annotate(name, first, (6, 4), textcoords="offset points")
        axes.set_xlabel("epsilon: largest change of a pixel (full ink is 1)")
        axes.set_ylabel("accuracy (%)")
        axes.set_ylim(-3, 103)
        axes.grid(alpha=0.3)
    return figure


def plot_cost(costs: Costs) -> Figure:
    """Plot the errors against the time per image, one point per classifier, the first in red."""
    with new_figure(9.4, 3.4) as figure:
        axes = figure.subplots()
        for number, cost in enumerate(costs.classifiers):
            point = (1e6 / cost.images_per_second, 100 * (1 - cost.accuracy))
            axes.scatter(*point, color=GREY if number else RED, zorder=2)
            label = f"{cost.name}, {_short(cost.parameters)} parameters"
            axes.annotate(
                *(label, point, (0, 6)), textcoords="offset points", ha="center", fontsize=8
            )
        axes.set_xscale("log")
        axes.set_ylim(bottom=0)
        axes.margins(x=0.35, y=0.15)
        axes.set_xlabel("microseconds per image, in batches of 1,024")
        axes.set_ylabel("errors (%)")
        axes.grid(alpha=0.3)
    return figure


def _text_colour(darkness: float, *, is_correct: bool, is_zero: bool) -> str:
    """Return a colour that can be read on a cell of the confusion matrix."""
    if is_correct:
        return BLUE
    if is_zero:
        return "#bbbbbb"
    return "white" if darkness > _DARK else "black"


def show(axes: Axes, image: NDArray[np.uint8], title: str = "") -> None:
    """Draw an image (28, 28), dark on light, with a title above it."""
    axes.axis("off")
    axes.imshow(255 - image, cmap="gray", vmin=0, vmax=255)
    if title:
        axes.set_title(title, fontsize=8)


def _plot_bins(axes: Axes, metrics: CalibrationMetrics, colour: str, label: str) -> None:
    axes.plot(
        [100 * each.confidence for each in metrics.bins],
        [100 * each.accuracy for each in metrics.bins],
        "o-",
        color=colour,
        label=f"{label}: ECE {metrics.calibration_error:.4f}",
    )


def _short(count: int) -> str:
    return f"{count / 1e6:.1f} M" if count >= 1e6 else f"{count / 1e3:.0f} k"
