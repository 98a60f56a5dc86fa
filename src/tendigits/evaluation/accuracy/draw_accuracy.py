"""Right and wrong answers in pictures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tendigits.evaluation.accuracy.classes import ConfusedPair
from tendigits.evaluation.accuracy.label_errors import LABEL_ERRORS
from tendigits.evaluation.accuracy.metrics import Metrics
from tendigits.evaluation.accuracy.mistakes import Mistake
from tendigits.evaluation.canvas import BLUE, RED, figure

WORST = 25
_EXAMPLES_A_PAIR = 6


def draw_confusion(metrics: Metrics, class_names: Sequence[str], path: Path) -> None:
    """Write a PNG of the confusion matrix; the colour shows the errors, not the right answers."""
    counts = np.array(metrics.confusion)
    errors = counts - np.diag(np.diag(counts))
    with figure(path, (5.2, 5.2)) as drawn:
        axes = drawn.subplots()
        axes.imshow(errors, cmap="Reds", vmax=max(1, 1.4 * errors.max()))
        for (truth, answer), count in np.ndenumerate(counts):
            right = truth == answer
            axes.text(
                answer,
                truth,
                f"{count:,}" if count else "·",
                ha="center",
                va="center",
                fontsize=8,
                weight="bold" if right else "normal",
                color=BLUE if right else "black" if count else "#bbbbbb",
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
    images: NDArray[np.uint8],
    mistakes: Sequence[Mistake],
    class_names: Sequence[str],
    path: Path,
) -> None:
    """Write a PNG of the 25 wrong answers whose truth was given the least probability.

    Args:
        images: (n, 28, 28), the test set's.
        mistakes: the wrong answers, worst first.
        class_names: what the classes are called.
        path: the file to write.
    """
    with figure(path, (5.2, 6.6)) as drawn:
        drawn.suptitle("The worst errors: truth → answer and its probability")
        for axes in (grid := drawn.subplots(5, 5)).flat:
            axes.axis("off")
        for axes, mistake in zip(grid.flat, mistakes, strict=False):
            show(
                axes,
                images[mistake.index],
                f"{class_names[mistake.truth]} → {class_names[mistake.answer]}  "
                f"{100 * mistake.probability:.0f} %\nimage {mistake.index}",
            )


def draw_confused_pairs(
    images: NDArray[np.uint8],
    pairs: Sequence[ConfusedPair],
    mistakes: Sequence[Mistake],
    class_names: Sequence[str],
    path: Path,
) -> None:
    """Write a PNG of the most confused pairs of classes, a row a pair, with wrongly told images."""
    rows = max(1, len(pairs))
    with figure(path, (5.2, 0.5 + 0.95 * rows)) as drawn:
        grid = drawn.subplots(rows, _EXAMPLES_A_PAIR, squeeze=False)
        for axes in grid.flat:
            axes.axis("off")
        for row, pair in zip(grid, pairs, strict=False):
            shown = [each for each in mistakes if {each.truth, each.answer} == set(pair.classes)]
            for axes, mistake in zip(row, shown, strict=False):
                title = f"{class_names[mistake.truth]} → {class_names[mistake.answer]}"
                show(axes, images[mistake.index], title)


def draw_label_errors(images: NDArray[np.uint8], answers: Sequence[int], path: Path) -> None:
    """Write a PNG of the fifteen test images whose label people do not see in them.

    Args:
        images: (10000, 28, 28), MNIST's test images.
        answers: what was answered to each of the fifteen.
        path: the file to write.
    """
    with figure(path, (5.2, 5.0)) as drawn:
        grid = drawn.subplots(3, 5)
        for axes, error, answer in zip(grid.flat, LABEL_ERRORS, answers, strict=True):
            axes.axis("off")
            seen = str(error.seen) if error.seen is not None else error.verdict
            title = f"image {error.index}\nlabel {error.given}\nseen: {seen}"
            show(axes, images[error.index], title)
            colour = RED if answer == error.given else BLUE
            axes.text(
                *(0.5, -0.04),
                f"answer {answer}",
                transform=axes.transAxes,
                ha="center",
                va="top",
                fontsize=8,
                color=colour,
            )


def show(axes: Axes, image: NDArray[np.uint8], title: str = "", fontsize: float = 8) -> None:
    """Draw an image (28, 28), dark on light, with a title above it."""
    axes.axis("off")
    axes.imshow(255 - image, cmap="gray", vmin=0, vmax=255)
    if title:
        axes.set_title(title, fontsize=fontsize)
