"""Digits: a glyph of MNIST or a font, or strokes in a form that is rare in MNIST."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tendigits.data.pages.canvas import Hand
from tendigits.data.pages.glyphs import Glyph
from tendigits.data.pages.writer import Random, Writer


def write_digit(writer: Writer, middle: tuple[float, float], size: float) -> float:
    """Write a random digit of height `size`; return its width in pixels."""
    return put_digit(writer, draw_digit(writer.random), middle, size)


def draw_digit(random: Random) -> int:
    """Return a random digit: ones, which resemble lines, and fours a little more often."""
    return int(np.searchsorted(_FREQUENCIES, random.random()))


def put_digit(writer: Writer, digit: int, middle: tuple[float, float], size: float) -> float:
    """Write a digit of height `size`; return its width in pixels."""
    glyph, hand = _choose_glyph(writer, digit)
    size *= float(np.exp(writer.random.normal(0, 0.09)))
    writer.canvas.glyph(glyph, hand, middle, size, writer.random, digit)
    return glyph.width * size


def _choose_glyph(writer: Writer, digit: int) -> tuple[Glyph, Hand]:
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
    lean = random.uniform(-0.1, 0.2) if random.random() < 0.8 else 0.0
    top, foot = (lean, -0.5), (-lean, 0.5)
    lines = [(top, foot)]
    if random.random() < 0.7:
        angle = random.uniform(np.radians(18), np.radians(60))
        # a long flag that is nearly level would make it a seven
        longest = 1.3 if angle < np.radians(48) else 0.6
        length = random.uniform(0.15, longest) * (1 if random.random() < 0.5 else 0.6)
        lines.append((top, (lean - np.sin(angle) * length, -0.5 + np.cos(angle) * length)))
    if random.random() < 0.25:
        half = random.uniform(0.12, 0.35)
        lines.append(((-lean - half, 0.5), (-lean + half, 0.5)))
    return _glyph_of_lines(lines)


def _four(random: Random) -> Glyph:
    """Return a four whose top is closed, as printed ones are, or nearly."""
    stem, lean = random.uniform(0.05, 0.3), random.uniform(-0.05, 0.15)
    bar, left = random.uniform(-0.25, 0.25), random.uniform(-0.5, -0.2)
    end = stem + random.uniform(-0.02, 0.25)
    top, foot = (stem + lean, -0.5), (stem - lean, 0.5)
    start = (top[0] - random.uniform(0, 0.12), -0.5 + random.uniform(0, 0.1))
    tip = (left, bar + random.uniform(-0.06, 0.06))
    return _glyph_of_lines([(top, foot), (start, tip), (tip, (end, bar))])


def _seven(random: Random) -> Glyph:
    """Return a seven of straight lines: a bar, a stem, at times a hook and a cross bar."""
    left, right = random.uniform(-0.4, -0.2), random.uniform(0.15, 0.4)
    rise, foot = random.uniform(-0.05, 0.2), random.uniform(-0.25, 0.35)
    start, corner = (left, -0.46 + rise), (right, -0.5)
    lines = [(start, corner), (corner, (foot, 0.5))]
    if random.random() < 0.35:
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
    """Return a zero with a line through it."""
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
    1: (_one, 0.5),
    4: (_four, 0.25),
    7: (_seven, 0.2),
}

_FREQUENCIES = np.cumsum([0.09, 0.18, 0.09, 0.09, 0.11, 0.09, 0.085, 0.09, 0.085])
