"""Pages without digits: words, letters, doodles, shapes, rules, or nothing."""

import numpy as np

from tendigits.data.pages.doodles import write_doodles, write_pictograms, write_solids
from tendigits.data.pages.rules import draw_grid
from tendigits.data.pages.surroundings import add_surroundings
from tendigits.data.pages.words import write_cursive, write_letters, write_words
from tendigits.data.pages.writer import Writer


def write_no_digits(writer: Writer) -> None:
    """Draw what holds no digit."""
    weights = np.array(list(_DRAWN.values()))
    draw = list(_DRAWN)[int(writer.random.choice(len(weights), p=weights / weights.sum()))]
    draw(writer)
    if writer.chance(0.2):
        add_surroundings(writer, writer.between(0.2, 0.8) * writer.canvas.height)


def _write_grid(writer: Writer) -> None:
    rows, columns = writer.random.integers(1, 8, 2).tolist()
    draw_grid(writer, rows, columns)


def _write_nothing(_writer: Writer) -> None:
    pass


# What is drawn, and how often.
_DRAWN = {
    write_words: 0.2,
    write_letters: 0.16,
    write_cursive: 0.22,
    write_doodles: 0.28,
    write_pictograms: 0.2,
    write_solids: 0.1,
    _write_grid: 0.08,
    _write_nothing: 0.2,
}
