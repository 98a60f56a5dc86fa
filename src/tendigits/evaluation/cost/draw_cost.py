"""Accuracy against cost in a picture."""

from pathlib import Path

from tendigits.evaluation.canvas import GREY, RED, figure
from tendigits.evaluation.cost.cost import Costs


def draw_cost(costs: Costs, path: Path) -> None:
    """Write a PNG: a point a classifier, its errors against the time that an image takes."""
    with figure(path, (4.4, 3.4)) as drawn:
        axes = drawn.subplots()
        for number, cost in enumerate(costs.classifiers):
            point = (1e6 / cost.images_per_second, 100 * (1 - cost.accuracy))
            axes.scatter(*point, color=GREY if number else RED, zorder=2)
            axes.annotate(
                f"{cost.name}, {_short(cost.parameters)} parameters",
                point,
                (0, 6),
                textcoords="offset points",
                ha="center",
                fontsize=8,
            )
        axes.set_xscale("log")
        axes.set_ylim(bottom=0)
        axes.margins(x=0.35, y=0.15)
        axes.set_xlabel("microseconds an image, 1,024 at a time")
        axes.set_ylabel("wrong answers (%)")
        axes.grid(alpha=0.3)


def _short(count: int) -> str:
    return f"{count / 1e6:.1f} M" if count >= 1e6 else f"{count / 1e3:.0f} k"
