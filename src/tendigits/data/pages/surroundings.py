"""What pictures hold around digits: rules, borders, neighbours, specks, words, doodles."""

import numpy as np

from tendigits.data.pages.digits import write_digit
from tendigits.data.pages.doodles import draw_free_doodle
from tendigits.data.pages.rules import draw_borders, draw_rules
from tendigits.data.pages.words import write_word
from tendigits.data.pages.writer import Writer, is_free


def add_surroundings(writer: Writer, size: float) -> None:
    """Draw some of it, for digits of height `size`."""
    canvas = writer.canvas
    if writer.chance(0.15):
        draw_rules(writer, size * writer.between(0.4, 2.5))
    if writer.chance(0.2):
        draw_borders(writer, size)
    if writer.chance(0.15):
        _neighbour_row(writer, size)
    if writer.chance(0.06):
        left, middle = writer.between(-1, 0.3) * size, writer.between(0, canvas.height)
        write_word(writer, left, middle, 0.4 * size, only_free=True)
    if writer.chance(0.12):
        for _ in range(int(writer.random.integers(1, 6))):
            _speck(writer, size)
    if writer.chance(0.05):
        draw_free_doodle(writer, size)


def _neighbour_row(writer: Writer, size: float) -> None:
    """Write digits of the row above or below, of which less than half is seen."""
    canvas = writer.canvas
    shown = writer.between(0.05, 0.4) * size
    y = shown - 0.5 * size if writer.chance(0.5) else canvas.height - shown + 0.5 * size
    x = writer.between(0, size)
    while x < canvas.width:
        half = np.array([0.3 * size, 0.5 * size])
        if is_free(canvas, np.array([x, y]) - half, np.array([x, y]) + half):
            write_digit(writer, (x, y), size)
        x += size * writer.between(0.6, 1.2)


def _speck(writer: Writer, size: float) -> None:
    canvas, radius = writer.canvas, max(0.6, writer.between(0.01, 0.06) * size)
    x, y = writer.between(0, canvas.width), writer.between(0, canvas.height)
    margin = 0.25 * size  # nearer to a digit it could be a decimal point
    corner = np.array([x, y])
    if is_free(canvas, corner - margin, corner + margin):
        canvas.line(np.array([[x, y], [x + writer.between(-1, 1), y]]), 2 * radius)
