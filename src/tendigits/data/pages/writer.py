"""The writer: a canvas, a hand, the glyphs and the random generator that all drawing needs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.data.pages.canvas import Canvas, Hand
from tendigits.data.pages.glyphs import GlyphSet

Random = np.random.Generator


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


def is_free(canvas: Canvas, low: NDArray[np.float64], high: NDArray[np.float64]) -> bool:
    """Return whether no character is between two corners (x, y)."""
    return all(
        each.right < low[0] or each.left > high[0] or each.bottom < low[1] or each.top > high[1]
        for each in canvas.characters
    )


def rule_width(writer: Writer, size: float) -> float:
    """Return a random width of a ruled line near digits of height `size`, in pixels."""
    return max(0.5, float(np.exp(writer.between(np.log(0.01), np.log(0.09)))) * size)


def place_within(writer: Writer, length: float, margin: float) -> float:
    """Return a place along `length` at least `margin` from both ends, or the middle."""
    if length <= 2 * margin:
        return length / 2 + writer.between(-0.1, 0.1) * margin
    return writer.between(margin, length - margin)
