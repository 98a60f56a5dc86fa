"""The plot of what a finder found on pages."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tendigits.evaluation.finder_report import Outcome
from tendigits.evaluation.plots import BLUE, GREEN, RED, new_figure
from tendigits.images.finder import CHARACTERS

_ROWS, _COLUMNS = 5, 4
ORANGE = "#d98c2b"


def plot_found(outcomes: Sequence[Outcome]) -> Figure:
    """Plot the first 20 pages with a box around each character.

    The boxes are green around characters that were found, blue around misread ones, red around
    missed ones, and orange where there is no character.
    """
    with new_figure(9.6, 9.0) as figure:
        figure.suptitle("Found green, misread blue, missed red, false alarms orange")
        for axes in (grid := figure.subplots(_ROWS, _COLUMNS)).flat:
            axes.axis("off")
        for axes, outcome in zip(grid.flat, outcomes, strict=False):
            _plot_page(axes, outcome)
    return figure


def _plot_page(axes: Axes, outcome: Outcome) -> None:
    page = outcome.page
    axes.imshow(page.picture, cmap="gray", vmin=0, vmax=255)
    axes.set_title(page.kind, fontsize=8)
    for box, is_found, is_correct in zip(page.boxes, outcome.found, outcome.correct, strict=True):
        colour = GREEN if is_correct else BLUE if is_found else RED
        _draw_box(axes, box.tolist(), colour)
    for each in outcome.false_alarms:
        _draw_box(axes, each.box, ORANGE)
        label = CHARACTERS[int(each.classes.argmax())]
        axes.text(each.box[0], each.box[1], label, color=ORANGE, fontsize=8)


def _draw_box(axes: Axes, box: Sequence[float], colour: str) -> None:
    left, top, right, bottom = box
    axes.add_patch(
        Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, fill=False, edgecolor=colour)
    )
