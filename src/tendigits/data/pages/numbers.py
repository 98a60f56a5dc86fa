"""Pages with digits: a lone digit, a row, lines of numbers, a table."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tendigits.data.pages.digits import draw_digit, put_digit, write_digit
from tendigits.data.pages.glyphs import DIGITS
from tendigits.data.pages.rules import (
    draw_box,
    draw_frame,
    draw_grid,
    draw_guide,
    draw_rules,
    draw_walls,
)
from tendigits.data.pages.surroundings import add_surroundings
from tendigits.data.pages.words import write_word
from tendigits.data.pages.writer import Random, Writer, place_within
from tendigits.images.finder import CHARACTERS

_SMALLEST = 8.5  # the height of a digit in pixels; smaller ones are not written


def write_lone_digit(writer: Writer) -> None:
    """Write one digit, from a quarter of the page to all of it."""
    canvas = writer.canvas
    low, high = (0.2, 0.6) if writer.chance(0.4) else (0.5, 1.0)
    size = writer.between(low, high) * min(canvas.height, 1.6 * canvas.width)
    x = place_within(writer, canvas.width, 0.35 * size)
    middle = (x, place_within(writer, canvas.height, 0.5 * size))
    write_digit(writer, middle, size)
    if writer.chance(0.3):
        draw_frame(writer, middle, size)
    add_surroundings(writer, size)


def write_row(writer: Writer) -> None:
    """Write a row of digits: a number, a date, digits in cells, several numbers."""
    canvas = writer.canvas
    row = _choose_row(writer)
    room = canvas.width * writer.between(0.6, 1.0)
    size = min(canvas.height * writer.between(0.35, 1.0), room / row.width)
    if writer.chance(0.08):  # cut off above and below
        size = canvas.height * writer.between(1.0, 1.2)
    if size < _SMALLEST:
        row = replace(row, items=row.items[:2], pitch=row.pitch[:2])
        size = min(canvas.height * 0.8, room / row.width)
    left = writer.between(0, max(canvas.width - row.width * size, 1))
    middle = place_within(writer, canvas.height, 0.5 * size)
    _write_items(writer, row, left, middle, size)
    add_surroundings(writer, size)


def write_lines(writer: Writer) -> None:
    """Write several lines of numbers, some of them with words."""
    canvas = writer.canvas
    most = max(2, min(6, int(canvas.height / 14)))
    count = int(writer.random.integers(1, most + 1))
    pitch = canvas.height / count
    size = max(pitch * writer.between(0.45, 0.85), _SMALLEST)
    start = writer.between(0.0, 0.3) * canvas.width
    for number in range(count):
        canvas.text_line = number
        middle = (number + 0.5) * pitch + writer.between(-0.05, 0.05) * size
        left = start if writer.chance(0.7) else writer.between(0, 0.5) * canvas.width
        if writer.chance(0.25):
            left = write_word(writer, left, middle, size * writer.between(0.6, 1.0)) + size
        while left < canvas.width - size:
            row = _choose_row(writer, cells=False)
            _write_items(writer, row, left, middle, size)
            left += (row.width + writer.between(0.8, 3)) * size
            if writer.chance(0.5):
                break
    if writer.chance(0.3):
        draw_rules(writer, pitch)


def write_table(writer: Writer) -> None:
    """Write numbers into the cells of a table."""
    canvas = writer.canvas
    rows, columns = (int(each) for each in writer.random.integers(1, 10, 2))
    height, width = canvas.height / rows, canvas.width / columns
    digits = 1 if writer.chance(0.5) else int(writer.random.integers(1, 4))
    size = min(height * writer.between(0.4, 0.85), width / digits * writer.between(0.6, 1.1))
    if size < 1.2 * _SMALLEST:
        write_row(writer)
        return
    if writer.chance(0.85):
        draw_grid(writer, rows, columns)
    filled = writer.between(0.3, 1.0)
    for row in range(rows):
        canvas.text_line = row
        for column in range(columns):
            if writer.chance(filled):
                x = (column + 0.5) * width + writer.between(-0.1, 0.1) * width
                y = (row + 0.5) * height + writer.between(-0.1, 0.1) * height
                _write_plain(writer, int(writer.random.integers(1, digits + 1)), (x, y), size)


@dataclass(frozen=True)
class Row:
    """A row of characters in units of the height of digits.

    Attributes:
        items: the characters; a space for a gap.
        pitch: the distance from each character's middle to the next one's; the last is the width
            that is left.
        cells: whether there are walls between the characters.
    """

    items: str
    pitch: tuple[float, ...]
    cells: bool

    @property
    def width(self) -> float:
        """The width from the left of the first to the right of the last character."""
        return sum(self.pitch) + 0.4


def _choose_row(writer: Writer, *, cells: bool = True) -> Row:
    kind = writer.random.random()
    if cells and kind < 0.25:
        text, wide = _digits(writer, 2, 9), writer.between(0.9, 2.4)
        return Row(text, tuple(wide * writer.between(0.93, 1.07) for _ in text), True)
    if cells and kind < 0.35:
        text, wide = _digits(writer, 2, 7), writer.between(0.9, 2.0)
        return Row(text, tuple(wide * writer.between(0.85, 1.15) for _ in text), False)
    text = _number(writer)
    while writer.chance(0.15) and len(text) < 10:
        text += " " + _number(writer)
    gap = writer.between(-0.12, 0.3)
    advance = {"1": 0.42, " ": writer.between(0.7, 2), **dict.fromkeys(".,:", 0.35), "-": 0.6}
    width = [advance.get(each, 0.68) for each in text]
    pitch = [
        (here + after) / 2 + gap + writer.between(-0.08, 0.08)
        for here, after in zip(width, [*width[1:], width[-1]], strict=True)
    ]
    return Row(text, tuple(pitch), False)


def _number(writer: Writer) -> str:
    kind = writer.random.random()
    if kind < 0.66:
        return _digits(writer, 1, 8)
    if kind < 0.74:
        return _digits(writer, 1, 4) + str(writer.random.choice([".", ","])) + _digits(writer, 1, 4)
    if kind < 0.80:
        return "-" + _digits(writer, 1, 5)
    if kind < 0.9:
        mark = str(writer.random.choice(["/", "-", ".", "/"]))
        parts = [_digits(writer, 1, 3), _digits(writer, 1, 3), _digits(writer, 2, 5)]
        return mark.join(parts if writer.chance(0.7) else parts[:2])
    if kind < 0.95:
        return ":".join([_digits(writer, 1, 3), _digits(writer, 2, 3)])
    return "-".join(_digits(writer, 2, 5) for _ in range(int(writer.random.integers(2, 4))))


def _digits(writer: Writer, low: int, high: int) -> str:
    count = int(writer.random.integers(low, high))
    if writer.chance(0.06):  # as in 000 and 777
        return str(draw_digit(writer.random)) * count
    return "".join(str(draw_digit(writer.random)) for _ in range(count))


def _write_items(writer: Writer, row: Row, left: float, middle: float, size: float) -> None:
    random = writer.random
    jitter, lean = abs(random.normal(0, 0.05)), random.normal(0, 0.02)
    if writer.chance(0.08):
        lean = writer.between(-0.5, 0.5)
    x = left + 0.3 * size
    walls = [left - writer.between(0, 0.15) * size]
    for item, pitch in zip(row.items, row.pitch, strict=True):
        y = middle + size * float(random.normal(0, jitter)) + lean * (x - left)
        if item in DIGITS:
            put_digit(writer, int(item), (x, y), size)
        elif item != " ":
            _write_mark(writer, item, (x, y), size)
        walls.append(x + pitch * size / 2)
        x += pitch * size
    if row.cells and writer.chance(0.75):
        draw_walls(writer, walls, middle, size)
    elif writer.chance(0.15):
        pad = writer.between(0.05, 0.5) * size
        box = (left - pad, middle - size / 2 - pad, x + pad - 0.2 * size, middle + size / 2 + pad)
        draw_box(writer, box)
    if writer.chance(0.2):
        draw_guide(writer, left, middle, size)


def _write_plain(writer: Writer, count: int, middle: tuple[float, float], size: float) -> None:
    """Write `count` digits side by side around `middle`."""
    pitch = 0.72 * size
    for number in range(count):
        x = middle[0] + (number - (count - 1) / 2) * pitch
        write_digit(writer, (x, middle[1]), size)


def _write_mark(writer: Writer, mark: str, middle: tuple[float, float], size: float) -> None:
    """Write one of . , - / : with the centre of its character cell at `middle`."""
    x, y = middle
    random, canvas, width = writer.random, writer.canvas, max(writer.hand.pen * size, 0.8)
    foot = y + 0.46 * size
    if mark == ".":
        points = _dot(x, foot, size, random)
    elif mark == ":":
        points = np.concatenate(
            [
                _dot(x, y - writer.between(0.1, 0.3) * size, size, random),
                _dot(x, y + writer.between(0.15, 0.45) * size, size, random),
            ]
        )
    elif mark == ",":
        length = writer.between(0.12, 0.35) * size
        points = np.array([[x, foot - 0.05 * size], [x - 0.4 * length, foot + length]])
    elif mark == "-":
        half, tilt = writer.between(0.15, 0.35) * size, writer.between(-0.05, 0.05) * size
        at = y + writer.between(-0.08, 0.12) * size
        points = np.array([[x - half, at + tilt], [x + half, at - tilt]])
    else:
        half = writer.between(0.1, 0.4) * size
        top, bottom = (writer.between(0.5, 0.75) * size for _ in range(2))
        points = np.array([[x + half, y - top], [x - half, y + bottom]])
    for start in range(0, len(points), 2):
        canvas.line(points[start : start + 2], width * writer.between(0.9, 1.3))
    turned = points @ canvas.turn[:, :2].T + canvas.turn[:, 2]
    half_width = width / 2
    extent = np.stack([turned.min(axis=0) - half_width, turned.max(axis=0) + half_width])
    canvas.note(extent, CHARACTERS.index(mark))


def _dot(x: float, y: float, size: float, random: Random) -> NDArray[np.float64]:
    return np.array([[x, y], [x, y] + random.normal(0, 0.02, 2) * size])
