"""A run in pictures: curves, confusion matrix, worst errors."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from tendigits.datasets import Examples
from tendigits.evaluation.metrics import Metrics
from tendigits.files import whole_file
from tendigits.training import EpochResult

WORST = 25
_TRAINING, _VALIDATION = "#1b6ca8", "#d1495b"


def draw_curves(history: Sequence[EpochResult], path: Path) -> None:
    """Write a PNG of loss and accuracy by epoch, for training and validation images."""
    with _figure(path, (9.6, 4.0)) as figure:
        left, right = figure.subplots(1, 2)
        _curve(left, [(r.epoch, r.loss, r.val_loss) for r in history])
        left.set_ylabel("loss (nats)")
        left.set_ylim(bottom=0)
        _curve(right, [(r.epoch, r.accuracy, r.val_accuracy) for r in history])
        right.yaxis.set_major_formatter(PercentFormatter(xmax=1, symbol=None))
        right.set_ylabel("accuracy (%)")


def draw_confusion(metrics: Metrics, class_names: Sequence[str], path: Path) -> None:
    """Write a PNG of the confusion matrix; the colour shows the errors, not the right answers."""
    counts = np.array(metrics.confusion)
    errors = counts - np.diag(np.diag(counts))
    with _figure(path, (7.2, 6.6)) as figure:
        axes = figure.subplots()
        axes.imshow(errors, cmap="Reds", vmax=max(1, 1.4 * errors.max()))
        for (truth, answer), count in np.ndenumerate(counts):
            right = truth == answer
            axes.text(
                answer,
                truth,
                f"{count:,}" if count else "·",
                ha="center",
                va="center",
                weight="bold" if right else "normal",
                color="#1b6ca8" if right else "black" if count else "#bbbbbb",
            )
        long_names = max(len(name) for name in class_names) > 2
        axes.set_xticks(range(len(class_names)), class_names, rotation=45 if long_names else 0)
        axes.set_yticks(range(len(class_names)), class_names)
        axes.set_xlabel("answer")
        axes.set_ylabel("truth")
        axes.set_title(
            f"{metrics.examples:,} test images, {sum(metrics.errors_per_class):,} errors "
            f"({100 * metrics.accuracy:.2f} % right)"
        )


def draw_worst_errors(
    examples: Examples,
    log_probabilities: NDArray[np.float32],
    class_names: Sequence[str],
    path: Path,
) -> None:
    """Write a PNG of the 25 wrong answers whose truth was given the least probability."""
    worst = worst_errors(log_probabilities, examples.labels)
    with _figure(path, (8.4, 9.4)) as figure:
        figure.suptitle("The worst errors: truth → answer and its probability")
        for axes in (grid := figure.subplots(5, 5)).flat:
            axes.axis("off")
        for axes, index in zip(grid.flat, worst, strict=False):
            answer = int(log_probabilities[index].argmax())
            certainty = 100 * float(np.exp(log_probabilities[index, answer]))
            axes.imshow(255 - examples.images[index], cmap="gray", vmin=0, vmax=255)
            axes.set_title(
                f"{class_names[examples.labels[index]]} → {class_names[answer]}  {certainty:.0f} %"
                f"\nimage {index}",
                fontsize=9,
            )


def worst_errors(
    log_probabilities: NDArray[np.float32], labels: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the indices of at most 25 wrong answers, least probability of the truth first."""
    of_truth = log_probabilities[np.arange(len(labels)), labels]
    wrong = np.flatnonzero(log_probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(of_truth[wrong], kind="stable")][:WORST]


def _curve(axes: Axes, points: Sequence[tuple[int, float, float | None]]) -> None:
    """Draw (epoch, training value, validation value if any)."""
    epochs, training, validation = zip(*points, strict=True)
    axes.plot(epochs, training, "o-", color=_TRAINING, label="training (while learning)")
    if validation[0] is not None:
        axes.plot(epochs, validation, "o-", color=_VALIDATION, label="validation (after the epoch)")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend()


@contextmanager
def _figure(path: Path, size: tuple[float, float]) -> Iterator[Figure]:
    # Without pyplot: nothing is shown, nothing global is kept.
    with mpl.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=size, dpi=110, layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        with whole_file(path) as partial:
            figure.savefig(partial, format="png")
