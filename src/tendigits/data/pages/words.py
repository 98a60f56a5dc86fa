"""Words and letters: printed, written by hand, or lines that look like joined handwriting."""

from dataclasses import replace

import numpy as np

from tendigits.data.pages.curves import smooth_curve
from tendigits.data.pages.glyphs import AMBIGUOUS, LETTERS, SYMBOLS, Glyph
from tendigits.data.pages.writer import Writer, is_free, place_within

_SAFE_LETTERS = [each for each in LETTERS + SYMBOLS if each not in AMBIGUOUS]


def write_word(
    writer: Writer, left: float, middle: float, size: float, *, only_free: bool = False
) -> float:
    """Write a word, printed or by hand; return where it ends."""
    random = writer.random
    printed = writer.chance(0.5)
    hand = replace(writer.hand, stamped=printed, printed=0 if printed else None)
    x = left
    advance = writer.between(0.95, 1.3)
    for glyph in _draw_letters(writer, int(random.integers(2, 9))):
        half = (glyph.width / 2 + 0.06) * size * hand.stretch * advance
        x += half
        corner = np.array([x, middle])
        if not only_free or is_free(writer.canvas, corner - size, corner + size):
            writer.canvas.glyph(glyph, hand, (x, middle), size, random)
        x += half
    return x


def _draw_letters(writer: Writer, count: int) -> list[Glyph]:
    """Return random letters of a font, small or capital, or of another alphabet."""
    random = writer.random
    if writer.chance(0.25):
        alphabets = writer.glyphs.alphabets
        alphabet = alphabets[int(random.integers(len(alphabets)))]
        return [alphabet[int(each)] for each in random.integers(len(alphabet), size=count)]
    font = writer.glyphs.printed[int(random.integers(len(writer.glyphs.printed)))]
    letters = LETTERS[:26] if writer.chance(0.25) else LETTERS[26:]
    drawn = (font.get(letters[each]) for each in random.integers(26, size=count))
    return [each for each in drawn if each is not None]


def write_words(writer: Writer) -> None:
    """Fill the page with words."""
    canvas = writer.canvas
    size = float(np.exp(writer.between(np.log(6), np.log(max(8, 0.7 * canvas.height)))))
    pitch = size * writer.between(1.3, 2.2)
    y = writer.between(0.2, 0.8) * pitch
    while y < canvas.height:
        x = writer.between(-0.5, 1) * size
        while x < canvas.width:
            x = write_word(writer, x, y, size) + writer.between(0.4, 1) * size
        y += pitch
        if writer.chance(0.2):
            break


def write_letters(writer: Writer) -> None:
    """Write one to four letters or symbols that look like no digit."""
    canvas = writer.canvas
    count = int(writer.random.choice([1, 1, 1, 2, 3, 4]))
    size = writer.between(0.25, 0.9) * min(canvas.height, canvas.width / count)
    for number in range(count):
        font = writer.glyphs.printed[int(writer.random.integers(len(writer.glyphs.printed)))]
        letter = _SAFE_LETTERS[int(writer.random.integers(len(_SAFE_LETTERS)))]
        if letter in font:
            x = (number + 0.5) * canvas.width / count + writer.between(-0.1, 0.1) * size
            y = place_within(writer, canvas.height, 0.5 * size)
            hand = replace(writer.hand, stamped=writer.chance(0.3), printed=None)
            canvas.glyph(font[letter], hand, (x, y), size, writer.random)


def write_cursive(writer: Writer) -> None:
    """Write lines that look like joined handwriting."""
    canvas = writer.canvas
    size = float(np.exp(writer.between(np.log(5), np.log(max(8, 0.6 * canvas.height)))))
    y = writer.between(0.3, 1.2) * size
    write = _joined_word if writer.chance(0.5) else _cursive_word
    while y < canvas.height + 0.3 * size:
        x = writer.between(-1, 1) * size
        while x < canvas.width:
            x = write(writer, x, y, size) + writer.between(0.3, 1) * size
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
    points = smooth_curve(np.array(anchors) + random.normal(0, 0.04 * size, (2 * count, 2)))
    points[:, 0] -= writer.hand.slant * (points[:, 1] - middle)
    writer.canvas.line(points, max(0.7, writer.hand.pen * size * 0.6))
    return left + count * x_step


def _joined_word(writer: Writer, left: float, middle: float, size: float) -> float:
    """Write a word of letters that are joined by strokes; return where it ends."""
    letters = writer.glyphs.alphabets[-1 if writer.chance(0.7) else int(writer.random.integers(2))]
    hand = replace(writer.hand, stamped=False, printed=None, pen=writer.hand.pen * 0.6)
    advance, x, end = writer.between(0.75, 1.05), left, None
    for each in writer.random.integers(len(letters), size=int(writer.random.integers(2, 10))):
        glyph = letters[int(each)]
        half = glyph.width / 2 * size * hand.stretch * advance
        x += half
        writer.canvas.glyph(glyph, hand, (x, middle), size, writer.random)
        points = glyph.points * size * (hand.stretch, 1) + (x, middle)
        points[:, 0] -= hand.slant * (points[:, 1] - middle)
        start = points[points[:, 0].argmin()]
        if end is not None:
            below = (end + start) / 2 + (0, writer.between(0, 0.1) * size)
            writer.canvas.line(smooth_curve(np.array([end, below, start])), hand.pen * size)
        end = points[points[:, 0].argmax()]
        x += half
    return x
