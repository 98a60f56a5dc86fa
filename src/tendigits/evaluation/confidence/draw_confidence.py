"""Confidence in pictures."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes

from tendigits.evaluation.canvas import BLUE, GREY, RED, figure
from tendigits.evaluation.confidence.confidence import Calibration, Confidence
from tendigits.evaluation.confidence.selective import Answered


def draw_reliability(confidence: Confidence, path: Path) -> None:
    """Write a PNG of accuracy against confidence, and of how many answers are how sure."""
    with figure(path, (4.4, 4.8)) as drawn:
        upper, lower = drawn.subplots(2, 1, height_ratios=(3, 1), sharex=True)
        upper.plot([0, 100], [0, 100], color=GREY, linewidth=1, linestyle="--")
        lines = [(confidence.before, RED, "before the temperature")]
        if confidence.after is not None:
            lines.append((confidence.after, BLUE, "after the temperature"))
        for calibration, colour, label in lines:
            _reliability(upper, calibration, colour, label)
        upper.set_ylabel("right (%)")
        upper.legend(loc="lower right")
        upper.grid(alpha=0.3)
        shown = confidence.shipped.bins
        lower.bar([100 * b.confidence for b in shown], [b.answers for b in shown], 3, color=BLUE)
        lower.set_yscale("log")
        lower.set_ylabel("answers")
        lower.set_xlabel("confidence (%)")


def draw_selective(selective: Sequence[Answered], path: Path) -> None:
    """Write a PNG of the accuracy against the share of images that are answered."""
    with figure(path, (4.4, 3.4)) as drawn:
        axes = drawn.subplots()
        shares = [100 * point.share for point in selective]
        errors = [10_000 * (1 - point.accuracy) for point in selective]
        axes.plot(shares, errors, "o-", color=BLUE)
        axes.set_xlabel("answered, the surest first (%)")
        axes.set_ylabel("errors in 10,000 answers")
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)


def _reliability(axes: Axes, calibration: Calibration, colour: str, label: str) -> None:
    axes.plot(
        [100 * each.confidence for each in calibration.bins],
        [100 * each.accuracy for each in calibration.bins],
        "o-",
        color=colour,
        label=f"{label}: ECE {calibration.calibration_error:.4f}",
    )
