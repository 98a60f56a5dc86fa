"""A sheet to draw figures on: one size of type, one set of colours, PNGs that appear whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tendigits.files import atomic_write

BLUE, RED, GREY, GREEN = "#1b6ca8", "#d1495b", "#8a8f98", "#3c8d5a"
_DOTS_PER_INCH = 160


@contextmanager
def figure(path: Path, size: tuple[float, float]) -> Iterator[Figure]:
    """Yield a figure of `size` inches to draw on; it is written to `path` when all went well."""
    # Without pyplot: nothing is shown, nothing global is kept.
    with mpl.rc_context(
        {
            "font.size": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 10,
            "legend.frameon": False,
        }
    ):
        drawn = Figure(figsize=size, dpi=_DOTS_PER_INCH, layout="constrained")
        FigureCanvasAgg(drawn)
        yield drawn
        with atomic_write(path) as partial:
            drawn.savefig(partial, format="png")
