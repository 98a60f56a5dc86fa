"""What is written on a page: numbers in rows, fields, forms and tables, and what is no number."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tendigits.data.pages.canvas import Canvas, Hand
from tendigits.data.pages.glyphs import AMBIGUOUS, DIGITS, LETTERS, SYMBOLS, Glyph, GlyphSet

CHARACTERS = "0123456789.,-/:"
Random = np.random.Generator

_SAFE_LETTERS = [each for each in LETTERS + SYMBOLS if each not in AMBIGUOUS]
_SMALLEST = 8.5  # the height of a digit in pixels; smaller ones are not written


@dataclass(frozen=True, eq=False)
class Writer:
    """Writes on a canvas with one hand.

    Attributes:
        canvas: what is written on.
        hand: how it is written.
        glyphs: what can be written.
        random: draws all that is random.
    """

    canvas: Canvas
    hand: Hand
    glyphs: GlyphSet
    random: Random

    def chance(self, probability: float) -> bool:
        """Return True with a probability."""
        return bool(self.random.random() < probability)

    def between(self, low: float, high: float) -> float:
        """Return a random number."""
        return float(self.random.uniform(low, high))


def draw_hand(random: Random) -> Hand:
    """Return a random hand."""
    printed = int(random.integers(12)) if random.random() < 0.1 else None
    stamped = random.random() < (0.6 if printed is not None else 0.3)
    pen = float(np.exp(random.uniform(np.log(0.014), np.log(0.22))))
    nib = (0.0, 0.0)
    if random.random() < 0.2:
        angle = random.uniform(0, np.pi)
        nib = (pen * float(np.cos(angle)), pen * float(np.sin(angle)))
    return Hand(
        pen=pen,
        nib=nib,
        slant=float(np.clip(random.normal(0.05, 0.18), -0.5, 0.6)),
        stretch=float(np.exp(random.normal(0, 0.15))),
        wobble=float(abs(random.normal(0, 0.025))),
        stamped=stamped,
        strokes=int(random.integers(2, 4)) if random.random() < 0.06 else 1,
        printed=printed,
    )


def write_lone_digit(writer: Writer) -> None:
    """Write one digit, from a quarter of the page to all of it."""
    canvas = writer.canvas
    low, high = (0.2, 0.6) if writer.chance(0.4) else (0.5, 1.0)
    size = writer.between(low, high) * min(canvas.height, 1.6 * canvas.width)
    middle = _within(writer, canvas.width, 0.35 * size), _within(writer, canvas.height, 0.5 * size)
    write_digit(writer, middle, size)
    if writer.chance(0.3):
        _frame_around(writer, middle, size)
    _surroundings(writer, size)


def write_row(writer: Writer) -> None:
    """Write a row of digits: a number, a date, digits in cells, several numbers."""
    canvas = writer.canvas
    row = _draw_row(writer)
    room = canvas.width * writer.between(0.6, 1.0)
    size = min(canvas.height * writer.between(0.35, 1.0), room / row.width)
    if size < _SMALLEST:
        row = replace(row, items=row.items[:2], pitch=row.pitch[:2])
        size = min(canvas.height * 0.8, room / row.width)
    left = writer.between(0, max(canvas.width - row.width * size, 1))
    middle = _within(writer, canvas.height, 0.5 * size)
    _write_row(writer, row, left, middle, size)
    _surroundings(writer, size)


def write_lines(writer: Writer) -> None:
    """Write several lines of numbers, some of them with words."""
    canvas = writer.canvas
    most = max(2, min(6, int(canvas.height / 14)))
    count = int(writer.random.integers(1, most + 1))
    pitch = canvas.height / count
    size = max(pitch * writer.between(0.45, 0.85), _SMALLEST)
    start = writer.between(0.0, 0.3) * canvas.width
    for number in range(count):
        middle = (number + 0.5) * pitch + writer.between(-0.05, 0.05) * size
        left = start if writer.chance(0.7) else writer.between(0, 0.5) * canvas.width
        if writer.chance(0.25):
            left = _write_word(writer, left, middle, size * writer.between(0.6, 1.0)) + size
        while left < canvas.width - size:
            row = _draw_row(writer, cells=False)
            _write_row(writer, row, left, middle, size)
            left += (row.width + writer.between(0.8, 3)) * size
            if writer.chance(0.5):
                break
    if writer.chance(0.3):
        _rules(writer, pitch)


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
        _grid(writer, rows, columns)
    filled = writer.between(0.3, 1.0)
    for row in range(rows):
        for column in range(columns):
            if writer.chance(filled):
                x = (column + 0.5) * width + writer.between(-0.1, 0.1) * width
                y = (row + 0.5) * height + writer.between(-0.1, 0.1) * height
                _write_plain(writer, int(writer.random.integers(1, digits + 1)), (x, y), size)


def write_no_digits(writer: Writer) -> None:
    """Draw what holds no digit: words, letters, doodles, shapes, rules, or nothing."""
    draws: list[tuple[float, Callable[[Writer], None]]] = [
        (0.2, _words),
        (0.16, _letters),
        (0.22, _cursive_page),
        (0.3, _doodles),
        (0.1, _solids),
        (0.08, lambda each: _grid(each, *each.random.integers(1, 8, 2).tolist())),
        (0.14, lambda _: None),
    ]
    weights = np.array([weight for weight, _ in draws])
    draws[int(writer.random.choice(len(draws), p=weights / weights.sum()))][1](writer)
    if writer.chance(0.2):
        _surroundings(writer, writer.between(0.2, 0.8) * writer.canvas.height)


def write_digit(writer: Writer, middle: tuple[float, float], size: float) -> float:
    """Write a random digit of height `size`; return its width in pixels."""
    digit = int(writer.random.integers(10))
    return _put_digit(writer, digit, middle, size)


def _put_digit(writer: Writer, digit: int, middle: tuple[float, float], size: float) -> float:
    glyph, hand = _digit_glyph(writer, digit)
    size *= float(np.exp(writer.random.normal(0, 0.09)))
    writer.canvas.glyph(glyph, hand, middle, size, writer.random, digit)
    return glyph.width * size


def _digit_glyph(writer: Writer, digit: int) -> tuple[Glyph, Hand]:
    """Return a glyph of a digit, and the hand to write it with."""
    random, hand = writer.random, writer.hand
    if hand.printed is not None:
        glyph = writer.glyphs.printed[hand.printed % len(writer.glyphs.printed)].get(str(digit))
        if glyph is not None:
            return glyph, hand
    if writer.chance(0.1):
        fonts = [each for each in writer.glyphs.printed if str(digit) in each]
        font = fonts[int(random.integers(len(fonts)))]
        return font[str(digit)], replace(hand, stamped=False, printed=None)
    drawn = replace(hand, stamped=False, printed=None)
    if digit in _DRAWN and writer.chance(_DRAWN[digit][1]):
        return _DRAWN[digit][0](random), drawn
    glyphs = writer.glyphs.handwritten[digit]
    glyph = glyphs[int(random.integers(len(glyphs)))]
    if digit == 7 and writer.chance(0.25):
        return _crossed(glyph, random), drawn
    if digit == 0 and writer.chance(0.02):
        return _slashed(glyph), drawn
    return glyph, replace(hand, printed=None)


def _one(random: Random) -> Glyph:
    """Return a one as written in Europe: a stem, mostly a flag, at times a foot."""
    lean = random.uniform(-0.1, 0.2)
    top, foot = (lean, -0.5), (-lean, 0.5)
    lines = [(top, foot)]
    if random.random() < 0.7:
        angle = random.uniform(np.radians(18), np.radians(62))
        length = random.uniform(0.15, 1.05) * (1 if random.random() < 0.5 else 0.6)
        lines.append((top, (lean - np.sin(angle) * length, -0.5 + np.cos(angle) * length)))
    if random.random() < 0.25:
        half = random.uniform(0.12, 0.35)
        lines.append(((-lean - half, 0.5), (-lean + half, 0.5)))
    return _glyph_of_lines(lines)


def _four(random: Random) -> Glyph:
    """Return a four whose top is closed, as printed ones are."""
    stem, lean = random.uniform(0.05, 0.3), random.uniform(-0.05, 0.15)
    bar, left = random.uniform(-0.05, 0.25), random.uniform(-0.45, -0.2)
    end = stem + random.uniform(0.02, 0.25)
    top, foot = (stem + lean, -0.5), (stem - lean, 0.5)
    return _glyph_of_lines([(top, foot), (top, (left, bar)), ((left, bar), (end, bar))])


def _seven(random: Random) -> Glyph:
    """Return a seven of straight lines: a bar, a stem, at times a hook and a cross bar."""
    left, right = random.uniform(-0.4, -0.2), random.uniform(0.15, 0.4)
    rise, foot = random.uniform(-0.05, 0.08), random.uniform(-0.25, 0.35)
    start, corner = (left, -0.46 + rise), (right, -0.5)
    lines = [(start, corner), (corner, (foot, 0.5))]
    if random.random() < 0.5:
        lines.append((start, (left + random.uniform(-0.05, 0.05), random.uniform(-0.38, -0.05))))
    if random.random() < 0.4:
        y = random.uniform(-0.1, 0.12)
        middle = right + (foot - right) * (y + 0.5)
        half = random.uniform(0.12, 0.3)
        lines.append(((middle - half, y + 0.03), (middle + half, y - 0.03)))
    return _glyph_of_lines(lines)


def _crossed(glyph: Glyph, random: Random) -> Glyph:
    """Return a seven with a bar across its stem."""
    height = random.uniform(-0.1, 0.15)
    near = np.abs(glyph.points[:, 1] - height) < 0.06
    if not near.any():
        return glyph
    x = float(glyph.points[near, 0].mean())
    half, tilt = random.uniform(0.12, 0.3), random.uniform(-0.08, 0.05)
    return _with_line(glyph, (x - half, height - tilt), (x + half, height + tilt))


def _slashed(glyph: Glyph) -> Glyph:
    half = 0.4 * glyph.width
    return _with_line(glyph, (-half, 0.35), (half, -0.35))


def _with_line(glyph: Glyph, start: tuple[float, float], end: tuple[float, float]) -> Glyph:
    count = len(glyph.points)
    return replace(
        glyph,
        points=np.concatenate([glyph.points, np.array([start, end], np.float32)]),
        edges=np.concatenate([glyph.edges, np.array([[count, count + 1]], np.int32)]),
    )


def _glyph_of_lines(lines: list[tuple[tuple[float, float], tuple[float, float]]]) -> Glyph:
    """Return straight lines as a glyph, with points along them that a hand can bend."""
    along = np.linspace(0, 1, 7)[:, None]
    points = [np.asarray(start) + along * np.subtract(end, start) for start, end in lines]
    step = np.stack([np.arange(6), np.arange(1, 7)], axis=1)
    edges = [step + 7 * number for number in range(len(lines))]
    return Glyph(
        points=np.concatenate(points).astype(np.float32),
        edges=np.concatenate(edges).astype(np.int32),
        stamp=np.zeros((1, 1), np.uint8),
        hull=np.zeros((0, 2), np.float32),
        corner=(0.0, 0.0),
        unit=1.0,
    )


# How digits are drawn whose form is rare in MNIST, and how often.
_DRAWN: dict[int, tuple[Callable[[Random], Glyph], float]] = {
    1: (_one, 0.4),
    4: (_four, 0.15),
    7: (_seven, 0.15),
}


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


def _draw_row(writer: Writer, *, cells: bool = True) -> Row:
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
        return _digits(writer, 1, 4) + writer.random.choice([".", ","]) + _digits(writer, 1, 4)
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
    return "".join(
        str(each)
        for each in writer.random.integers(10, size=int(writer.random.integers(low, high)))
    )


def _write_row(writer: Writer, row: Row, left: float, middle: float, size: float) -> None:
    random = writer.random
    jitter, lean = abs(random.normal(0, 0.05)), random.normal(0, 0.02)
    if writer.chance(0.08):
        lean = writer.between(-0.5, 0.5)
    x = left + 0.3 * size
    walls = [left - writer.between(0, 0.15) * size]
    for item, pitch in zip(row.items, row.pitch, strict=True):
        y = middle + size * float(random.normal(0, jitter)) + lean * (x - left)
        if item in DIGITS:
            _put_digit(writer, int(item), (x, y), size)
        elif item != " ":
            _write_mark(writer, item, (x, y), size)
        walls.append(x + pitch * size / 2)
        x += pitch * size
    if row.cells and writer.chance(0.75):
        _walls(writer, walls, middle, size)
    elif writer.chance(0.15):
        pad = writer.between(0.05, 0.5) * size
        box = (left - pad, middle - size / 2 - pad, x + pad - 0.2 * size, middle + size / 2 + pad)
        _box(writer, box)
    if writer.chance(0.2):
        _guide(writer, left, middle, size)


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


def _walls(writer: Writer, at: list[float], middle: float, size: float) -> None:
    """Draw the walls of cells, and mostly the lines above and below them."""
    printed, width = writer.chance(0.8), _rule_width(writer, size)
    above = middle - size * writer.between(0.52, 1.2)
    below = middle + size * writer.between(0.52, 1.2)
    if writer.chance(0.2):  # cells whose upper and lower lines are not on the picture
        above, below = -size, writer.canvas.height + size
    for x in at:
        writer.canvas.line(np.array([[x, above], [x, below]]), width, printed=printed)
    if writer.chance(0.7):
        for y in (above, below):
            writer.canvas.line(np.array([[at[0], y], [at[-1], y]]), width, printed=printed)


def _box(writer: Writer, box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = box
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom], [left, top]])
    width = _rule_width(writer, bottom - top)
    writer.canvas.line(corners, width, printed=writer.chance(0.8))


def _frame_around(writer: Writer, middle: tuple[float, float], size: float) -> None:
    half = size * writer.between(0.55, 0.9)
    x, y = (
        middle[0] + writer.between(-0.1, 0.1) * size,
        middle[1] + writer.between(-0.05, 0.05) * size,
    )
    _box(writer, (x - half, y - half, x + half, y + half))


def _grid(writer: Writer, rows: int, columns: int) -> None:
    canvas, width = writer.canvas, _rule_width(writer, writer.canvas.height / rows)
    thick = width * writer.between(1, 3) if writer.chance(0.3) else width
    for row in range(rows + 1):
        y = row * canvas.height / rows
        canvas.line(
            np.array([[0, y], [canvas.width, y]]), thick if row % 3 == 0 else width, printed=True
        )
    for column in range(columns + 1):
        x = column * canvas.width / columns
        canvas.line(
            np.array([[x, 0], [x, canvas.height]]),
            thick if column % 3 == 0 else width,
            printed=True,
        )


def _rules(writer: Writer, pitch: float) -> None:
    """Draw the lines, or the squares, of the paper."""
    canvas, width = writer.canvas, _rule_width(writer, pitch) * 0.7
    start = writer.between(0, pitch)
    for y in np.arange(start, canvas.height, pitch):
        canvas.line(np.array([[-9, y], [canvas.width + 9, y]]), width, printed=True)
    if writer.chance(0.4):
        for x in np.arange(start, canvas.width, pitch):
            canvas.line(np.array([[x, -9], [x, canvas.height + 9]]), width, printed=True)


def _guide(writer: Writer, left: float, middle: float, size: float) -> None:
    """Draw a line or a dot before the first digit that is not part of the number."""
    y = middle + writer.between(-0.15, 0.55) * size
    end = left + writer.between(-0.3, 0.15) * size
    if writer.chance(0.7):
        start = -size if writer.chance(0.7) else end - writer.between(0.8, 2) * size
        width = max(0.8, writer.hand.pen * size * writer.between(0.5, 1.2))
        writer.canvas.line(np.array([[start, y], [end, y]]), width, printed=writer.chance(0.6))


def _surroundings(writer: Writer, size: float) -> None:
    """Draw around the digits what pictures hold: rules, borders, neighbours, stains, words."""
    canvas = writer.canvas
    if writer.chance(0.15):
        _rules(writer, size * writer.between(0.4, 2.5))
    if writer.chance(0.2):
        _borders(writer, size)
    if writer.chance(0.15):
        _neighbour_row(writer, size)
    if writer.chance(0.06):
        _write_word(
            writer,
            writer.between(-1, 0.3) * size,
            writer.between(0, canvas.height),
            size * 0.4,
            only_free=True,
        )
    if writer.chance(0.12):
        for _ in range(int(writer.random.integers(1, 6))):
            _speck(writer, size)
    if writer.chance(0.05):
        _free_doodle(writer, size)


def _borders(writer: Writer, size: float) -> None:
    """Draw walls and lines near the borders of the page, as in a field cut out of a form."""
    canvas = writer.canvas
    for side in range(4):
        if not writer.chance(0.45):
            continue
        inset, lean = (
            writer.between(-0.03, 0.1) * min(canvas.height, canvas.width),
            writer.between(-2, 2),
        )
        if side < 2:
            x = inset if side == 0 else canvas.width - inset
            points = np.array([[x - lean, -9], [x + lean, canvas.height + 9]])
        else:
            y = inset if side == 2 else canvas.height - inset
            points = np.array([[-9, y - lean], [canvas.width + 9, y + lean]])
        width = _rule_width(writer, size) * writer.between(1, 2.5)
        if _is_free(canvas, points.min(axis=0) - 1, points.max(axis=0) + 1) or writer.chance(0.3):
            canvas.line(points, width, printed=True)


def _neighbour_row(writer: Writer, size: float) -> None:
    """Write digits of the row above or below, of which little more than half is seen at most."""
    canvas = writer.canvas
    shown = writer.between(0.05, 0.4) * size
    y = shown - 0.5 * size if writer.chance(0.5) else canvas.height - shown + 0.5 * size
    x = writer.between(0, size)
    while x < canvas.width:
        half = np.array([0.3 * size, 0.5 * size])
        if _is_free(canvas, np.array([x, y]) - half, np.array([x, y]) + half):
            write_digit(writer, (x, y), size)
        x += size * writer.between(0.6, 1.2)


def _speck(writer: Writer, size: float) -> None:
    canvas, radius = writer.canvas, max(0.6, writer.between(0.01, 0.06) * size)
    x, y = writer.between(0, canvas.width), writer.between(0, canvas.height)
    margin = 0.25 * size  # nearer to a digit it could be a decimal point
    corner = np.array([x, y])
    if _is_free(canvas, corner - margin, corner + margin):
        canvas.line(np.array([[x, y], [x + writer.between(-1, 1), y]]), 2 * radius)


def _is_free(canvas: Canvas, low: NDArray[np.float64], high: NDArray[np.float64]) -> bool:
    """Return whether no character is between two corners."""
    return all(
        box[2] < low[0] or box[0] > high[0] or box[3] < low[1] or box[1] > high[1]
        for box in canvas.boxes
    )


def _write_word(
    writer: Writer, left: float, middle: float, size: float, *, only_free: bool = False
) -> float:
    """Write a word, printed or by hand; return where it ends."""
    random = writer.random
    font = writer.glyphs.printed[int(random.integers(len(writer.glyphs.printed)))]
    printed = writer.chance(0.5)
    hand = replace(writer.hand, stamped=printed, printed=0 if printed else None)
    count = int(random.integers(2, 9))
    capital = writer.chance(0.25)
    letters = LETTERS[:26] if capital else LETTERS[26:]
    x = left
    advance = writer.between(0.95, 1.3)
    for _ in range(count):
        glyph = font.get(letters[int(random.integers(26))])
        if glyph is None:
            continue
        half = (glyph.width / 2 + 0.06) * size * hand.stretch * advance
        x += half
        corner = np.array([x, middle])
        if not only_free or _is_free(writer.canvas, corner - size, corner + size):
            writer.canvas.glyph(glyph, hand, (x, middle), size, random)
        x += half
    return x


def _words(writer: Writer) -> None:
    """Fill the page with words."""
    canvas = writer.canvas
    size = float(np.exp(writer.between(np.log(6), np.log(max(8, 0.7 * canvas.height)))))
    pitch = size * writer.between(1.3, 2.2)
    y = writer.between(0.2, 0.8) * pitch
    while y < canvas.height:
        x = writer.between(-0.5, 1) * size
        while x < canvas.width:
            x = _write_word(writer, x, y, size) + writer.between(0.4, 1) * size
        y += pitch
        if writer.chance(0.2):
            break


def _letters(writer: Writer) -> None:
    """Write one to four letters or symbols that look like no digit."""
    canvas = writer.canvas
    count = int(writer.random.choice([1, 1, 1, 2, 3, 4]))
    size = writer.between(0.25, 0.9) * min(canvas.height, canvas.width / count)
    for number in range(count):
        font = writer.glyphs.printed[int(writer.random.integers(len(writer.glyphs.printed)))]
        letter = _SAFE_LETTERS[int(writer.random.integers(len(_SAFE_LETTERS)))]
        if letter in font:
            x = (number + 0.5) * canvas.width / count + writer.between(-0.1, 0.1) * size
            y = _within(writer, canvas.height, 0.5 * size)
            hand = replace(writer.hand, stamped=writer.chance(0.3), printed=None)
            canvas.glyph(font[letter], hand, (x, y), size, writer.random)


def _cursive_page(writer: Writer) -> None:
    """Write lines that look like joined handwriting."""
    canvas = writer.canvas
    size = float(np.exp(writer.between(np.log(5), np.log(max(8, 0.6 * canvas.height)))))
    y = writer.between(0.3, 1.2) * size
    while y < canvas.height + 0.3 * size:
        x = writer.between(-1, 1) * size
        while x < canvas.width:
            x = _cursive_word(writer, x, y, size) + writer.between(0.3, 1) * size
        y += size * writer.between(1.3, 2.4)


def _cursive_word(writer: Writer, left: float, middle: float, size: float) -> float:
    """Write a word of loops and arcs; return where it ends."""
    random = writer.random
    count = int(random.integers(4, 16))
    x_step = writer.between(0.16, 0.3) * size
    heights = np.where(random.random(count) < 0.25, random.choice([-0.9, 0.7], count), 0.0)
    anchors = []
    for number in range(count):
        x = left + number * x_step
        up = -0.25 * size + heights[number] * 0.5 * size
        anchors += [
            (x + writer.between(-0.5, 0.1) * x_step, middle + up),
            (x + writer.between(0.2, 1.0) * x_step, middle + writer.between(0.15, 0.3) * size),
        ]
    points = _smooth(np.array(anchors) + random.normal(0, 0.04 * size, (2 * count, 2)))
    points[:, 0] -= writer.hand.slant * (points[:, 1] - middle)
    writer.canvas.line(points, max(0.7, writer.hand.pen * size * 0.6))
    return left + count * x_step


def _smooth(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a smooth curve through points (n, 2): a Catmull-Rom spline."""
    before = np.concatenate([points[:1], points[:-1]])[:-1, None]
    start, end = points[:-1, None], points[1:, None]
    after = np.concatenate([points[2:], points[-1:]])[:, None]
    t = np.linspace(0, 1, 6, endpoint=False)[None, :, None]
    curve = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )
    smooth: NDArray[np.float64] = curve.reshape(-1, 2)
    return smooth


def _doodles(writer: Writer) -> None:
    """Draw one to five doodles, which may lie on one another."""
    canvas = writer.canvas
    count = int(writer.random.choice([1, 1, 2, 3, 5]))
    size = writer.between(0.4, 1.0) * min(canvas.height, canvas.width)
    x, y = canvas.width / 2, canvas.height / 2
    for _ in range(count):
        _doodle(writer, (x, y), size)
        if writer.chance(0.6):
            size *= writer.between(0.25, 0.8)
            x = _within(writer, canvas.width, size / 2)
            y = _within(writer, canvas.height, size / 2)


def _free_doodle(writer: Writer, size: float) -> None:
    canvas = writer.canvas
    corner = np.array([writer.between(0, canvas.width), writer.between(0, canvas.height)])
    if _is_free(canvas, corner - size, corner + size):
        _doodle(writer, (float(corner[0]), float(corner[1])), size)


def _doodle(writer: Writer, middle: tuple[float, float], size: float) -> None:
    """Draw a shape that is no digit: a polygon, a star, an arrow, a house, a scribble, a sun."""
    random = writer.random
    width = max(0.8, writer.between(0.01, 0.06) * size)
    for points in _doodle_lines(random):
        placed = points * size / 2 + middle + random.normal(0, 0.01 * size, points.shape)
        if random.random() < 0.12 and len(points) > 3:
            writer.canvas.area(placed, int(random.integers(90, 256)))
        writer.canvas.line(placed, width)


def _doodle_lines(random: Random) -> list[NDArray[np.float64]]:
    """Return the lines of a doodle in [-1, 1]."""
    kind = int(random.choice([0, 1, 2, 2, 3, 4, 5, 6, 6, 7, 8, 9, 9, 9]))
    turn = random.uniform(0, 2 * np.pi)
    if kind == 0:  # a polygon
        return [_closed(_ring(int(random.integers(3, 8)), turn) * random.uniform(0.5, 1, 2))]
    if kind == 1:  # a star or a gear
        ring = _ring(2 * int(random.integers(4, 10)), turn)
        ring[::2] *= random.uniform(0.3, 0.75)
        return [_closed(ring)]
    if kind == 2:  # an arrow
        end = _ring(1, turn)[0]
        head = [
            _ring(1, turn + np.pi + each)[0] * random.uniform(0.3, 0.6) + end
            for each in (-0.6, 0.6)
        ]
        return [np.array([-end, end]), np.array([head[0], end, head[1]])]
    if kind == 3:  # a box with lines in it
        box = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) * random.uniform(0.4, 1, 2)
        inner = [
            random.uniform(-1, 1, (2, 2)) * np.abs(box).max(axis=0)
            for _ in range(random.integers(1, 5))
        ]
        return [box, *inner]
    if kind == 4:  # a scribble
        return [_smooth(random.uniform(-1, 1, (int(random.integers(7, 20)), 2)))]
    if kind == 5:  # a sun: a circle with rays
        rays = int(random.integers(5, 14))
        ring = _ring(rays, turn)
        return [_closed(_ring(24, 0) * 0.5), *[np.array([0.6 * each, each]) for each in ring]]
    if kind == 9:  # a cloud, a leaf, a butterfly: a closed curve with bumps
        return _bumpy(random)
    if kind == 6:  # a blob with an irregular outline, and things in it
        blob = _ring(int(random.integers(6, 14)), turn) * random.uniform(0.5, 1, (1, 2))
        blob = blob * random.uniform(0.6, 1.2, (len(blob), 1))
        parts = [_closed(_smooth(_closed(blob)))]
        for _ in range(int(random.integers(1, 4))):
            parts.append(_ring(16, 0) * random.uniform(0.05, 0.3) + random.uniform(-0.5, 0.5, 2))
        return parts
    if kind == 7:  # a zigzag or a wave
        x = np.linspace(-1, 1, int(random.integers(5, 14)))
        wave = np.stack(
            [x, random.uniform(0.1, 0.5) * np.where(np.arange(len(x)) % 2, 1, -1)], axis=1
        )
        return [wave if random.random() < 0.5 else _smooth(wave)]
    wheel = _ring(24, 0)  # circles that lie in, on or beside one another
    return [wheel * random.uniform(0.2, 0.9) + random.uniform(-0.4, 0.4, 2) for _ in range(4)]


def _bumpy(random: Random) -> list[NDArray[np.float64]]:
    """Return a closed curve whose radius swings, at times doubled or with strokes beside it."""
    angles = np.linspace(0, 2 * np.pi, 60)
    bumps, phase = int(random.integers(2, 8)), random.uniform(0, 7)
    radius = 1 + random.uniform(0.1, 0.6) * np.sin(bumps * angles + phase)
    radius = np.abs(radius) if random.random() < 0.5 else 0.7 + 0.3 * np.abs(radius)
    curve = np.stack([np.cos(angles), np.sin(angles)], 1) * radius[:, None]
    curve *= random.uniform(0.4, 1, 2) / np.abs(curve).max()
    lines = [curve]
    for _ in range(int(random.integers(0, 4))):
        start = curve[int(random.integers(60))]
        lines.append(_smooth(start + np.cumsum(random.normal(0, 0.25, (4, 2)), axis=0)))
    return lines


def _ring(count: int, turn: float) -> NDArray[np.float64]:
    angles = turn + np.arange(count) * 2 * np.pi / count
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _closed(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([points, points[:1]])


def _solids(writer: Writer) -> None:
    """Draw filled shapes with a shaded surface, such as clothes and tools before a background."""
    random, canvas = writer.random, writer.canvas
    size = writer.between(0.4, 1.0) * min(canvas.height, canvas.width)
    middle = np.array([canvas.width / 2, canvas.height / 2]) + random.normal(0, 0.1 * size, 2)
    for _ in range(int(random.integers(1, 5))):
        count = int(random.integers(3, 12))
        ring = _ring(count, writer.between(0, 7)) * random.uniform(0.4, 1, (count, 1))
        if writer.chance(0.5):
            ring = _smooth(_closed(ring))
        shape = ring * size / 2 * random.uniform(0.4, 1, 2) + middle
        canvas.area(shape, int(random.integers(90, 256)))
        middle = middle + random.normal(0, 0.2 * size, 2)


def _rule_width(writer: Writer, size: float) -> float:
    return max(0.5, float(np.exp(writer.between(np.log(0.01), np.log(0.09)))) * size)


def _within(writer: Writer, length: float, margin: float) -> float:
    """Return a place along `length` at least `margin` from both ends, or the middle."""
    if length <= 2 * margin:
        return length / 2 + writer.between(-0.1, 0.1) * margin
    return writer.between(margin, length - margin)
