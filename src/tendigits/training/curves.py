"""A training in a picture: loss and accuracy by epoch."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from tendigits.evaluation.canvas import BLUE, RED, figure
from tendigits.training.history import EpochResult


def draw_curves(history: Sequence[EpochResult], path: Path) -> None:
    """Write a PNG of loss and accuracy by epoch, for training and validation images."""
    with figure(path, (9.6, 4.0)) as drawn:
        left, right = drawn.subplots(1, 2)
        _curve(left, [(r.epoch, r.loss, r.val_loss) for r in history])
        left.set_ylabel("loss (nats)")
        left.set_ylim(bottom=0)
        _curve(right, [(r.epoch, r.accuracy, r.val_accuracy) for r in history])
        right.yaxis.set_major_formatter(PercentFormatter(xmax=1, symbol=None))
        right.set_ylabel("accuracy (%)")


def _curve(axes: Axes, points: Sequence[tuple[int, float, float | None]]) -> None:
    """Draw (epoch, training value, validation value if any)."""
    epochs, training, validation = zip(*points, strict=True)
    axes.plot(epochs, training, "o-", color=BLUE, label="training (while learning)")
    if validation[0] is not None:
        axes.plot(epochs, validation, "o-", color=RED, label="validation (after the epoch)")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend()
