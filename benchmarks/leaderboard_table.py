"""The table and the picture of the leaderboard, from `benchmarks/results/leaderboard.json`."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from matplotlib.ticker import FuncFormatter
from scipy.stats import t

from tendigits.evaluation.plots import BLUE, RED, new_figure, save

PICTURE = Path(__file__).parent.parent / "docs" / "pictures" / "leaderboard.png"
MARKS = (0.99, 0.995)

Curve = Sequence[tuple[float, float]]  # seconds of training so far, accuracy


@dataclass(frozen=True)
class Claim:
    """What is published about a recipe.

    Attributes:
        title: what it is called.
        accuracy: the published test accuracy in words, with what it is of.
        differs: how the training here differs from the published one.
    """

    title: str
    accuracy: str
    differs: str = ""


CLAIMS = {
    "mlp": Claim("the notebook", "98.02 %"),
    "lenet5": Claim("LeNet-5", "99.05 %", "softmax, Adam"),
    "keras-example": Claim("Keras's example", "about 99 %"),
    "pytorch-example": Claim("PyTorch's example", "none", "Adam instead of Adadelta"),
    "deotte": Claim("Deotte, one network", "99.757 % (15 networks, on Kaggle)"),
    "an-m3": Claim("An et al., M3", "99.91 % (many networks)", "6 epochs instead of 150"),
    "matuzas": Claim(
        "Matuzas, one network",
        "99.748 % (mean of 20); 99.84 % (all 20)",
        "half the channels, 8 epochs instead of 20",
    ),
}


def leaderboard_table(result: dict[str, Any]) -> str:
    """Return a row for each recipe, by its mean accuracy at the last epoch."""
    rows = [
        "| recipe | published accuracy | measured at the last epoch: mean ± half of the 95 % "
        "interval (seeds) | best epoch chosen by the test set | parameters | multiply-adds "
        "| training, one thread | to 99.0 % | to 99.5 % | `python benchmarks/leaderboard.py` |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    recipes = sorted(result["recipes"].items(), key=lambda item: mean_last(item[1]["runs"]))
    rows += [row(name, recipe) for name, recipe in recipes]
    differences = [
        f"{CLAIMS[name].title}: {CLAIMS[name].differs}."
        for name, _ in recipes
        if name in CLAIMS and CLAIMS[name].differs
    ]
    cpu = result["environment"]["cpu"]
    notes = [
        f"Machine: {cpu}, one thread for each training, two at a time; bfloat16 but for `mlp`.\n"
    ]
    if differences:
        notes.insert(0, f"Trained differently from what is published: {' '.join(differences)}")
    return "\n\n".join(["\n".join(rows), *notes])


def row(name: str, recipe: dict[str, Any]) -> str:
    claim = CLAIMS.get(name, Claim(f"`{name}` of this package", ""))
    runs = recipe["runs"]
    lasts = [100 * run["test_accuracy"][-1] for run in runs]
    added = statistics.mean(
        100 * (max(run["test_accuracy"]) - run["test_accuracy"][-1]) for run in runs
    )
    times = [time_to(mark, list(map(curve_of, runs))) for mark in MARKS]
    return (
        f"| {claim.title} | {claim.accuracy} | {with_interval(lasts)} ({len(runs)}) "
        f"| +{added:.2f} | {recipe['parameters']:,} | {recipe['multiply_adds'] / 1e6:.1f} M "
        f"| {duration(statistics.median(sum(run['seconds']) for run in runs))} "
        f"| {' | '.join(times)} | `{name}` |"
    )


def with_interval(percentages: Sequence[float]) -> str:
    """Return the mean and the half width of its 95 % confidence interval, by Student's t."""
    mean = statistics.mean(percentages)
    return (
        f"{mean:.2f} ± {half_width(percentages):.2f} %" if len(percentages) > 1 else f"{mean:.2f} %"
    )


def half_width(values: Sequence[float]) -> float:
    if len(values) < 2:
        return 0.0
    deviation = statistics.stdev(values) / len(values) ** 0.5
    return float(t.ppf(0.975, len(values) - 1) * deviation)


def time_to(mark: float, curves: Sequence[Curve]) -> str:
    """Return the median time to an accuracy of `mark`, and how many curves reached it."""
    firsts = [
        next((time for time, accuracy in curve if accuracy >= mark), None) for curve in curves
    ]
    reached = [first for first in firsts if first is not None]
    if not reached:
        return "not reached"
    some = f" ({len(reached)} of {len(curves)})" if len(reached) < len(curves) else ""
    return duration(statistics.median(reached)) + some


def curve_of(run: dict[str, Any]) -> Curve:
    return list(zip(accumulate(run["seconds"]), run["test_accuracy"], strict=True))


def duration(seconds: float) -> str:
    if seconds < 20:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def mean_last(runs: Sequence[dict[str, Any]]) -> float:
    return float(statistics.mean(run["test_accuracy"][-1] for run in runs))


def draw_leaderboard(result: dict[str, Any]) -> None:
    """Draw accuracy over the time of training and over multiply-adds."""
    with new_figure(9.6, 4.6) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        for name, recipe in result["recipes"].items():
            runs = recipe["runs"]
            colour = RED if name in CLAIMS else BLUE
            lasts = [100 * run["test_accuracy"][-1] for run in runs]
            error = 100 - statistics.mean(lasts)
            seconds = statistics.median(sum(run["seconds"]) for run in runs)
            for axes, cost in ((left, seconds), (right, recipe["multiply_adds"])):
                axes.errorbar(cost, error, half_width(lasts), fmt="o", color=colour, capsize=2)
                axes.annotate(
                    name,
                    (cost, error),
                    (4, 4),
                    textcoords="offset points",
                    fontsize=8,
                    color=colour,
                )
        for axes, label in ((left, "training, seconds on one thread"), (right, "multiply-adds")):
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xlabel(label)
            axes.grid(alpha=0.3, which="both")
            axes.yaxis.set_major_formatter(FuncFormatter(lambda error, _: f"{100 - error:g}"))
            axes.yaxis.set_minor_formatter(FuncFormatter(lambda error, _: f"{100 - error:g}"))
        left.set_ylim(5, 0.2)
        left.set_ylabel("test accuracy at the last epoch (%)")
        figure.suptitle("Red: published by others, retrained. Blue: recipes of this package.")
    save(figure, PICTURE)
