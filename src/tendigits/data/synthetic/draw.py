"""Frames that show no digit, as many as wanted of every kind."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tendigits.data import LabelledImages
from tendigits.data.synthetic.digits import cut_digit, pair_of_digits, turned_digit
from tendigits.data.synthetic.doodles import (
    blot,
    filled_polygon,
    grid,
    scribble,
    star,
    texture,
    triangle,
)
from tendigits.data.synthetic.glyphs import glyph, word
from tendigits.images import make_frame

Ink = NDArray[np.float32]
Draw = Callable[[np.random.Generator, LabelledImages], Ink]

# How often each kind is drawn, out of the sum of all.
KINDS: dict[str, tuple[Draw, int]] = {
    "glyph": (lambda random, _: glyph(random), 8),
    "word": (lambda random, _: word(random), 3),
    "scribble": (lambda random, _: scribble(random), 3),
    "filled polygon": (lambda random, _: filled_polygon(random), 2),
    "star": (lambda random, _: star(random), 1),
    "triangle": (lambda random, _: triangle(random), 1),
    "grid": (lambda random, _: grid(random), 1),
    "blot": (lambda random, _: blot(random), 3),
    "texture": (lambda random, _: texture(random), 2),
    "pair of digits": (pair_of_digits, 3),
    "turned digit": (turned_digit, 1),
    "cut digit": (cut_digit, 1),
}


def draw_ood_images(count: int, digits: LabelledImages, seed: int) -> NDArray[np.uint8]:
    """Return `count` frames (count, 28, 28) uint8 that show no digit.

    Args:
        count: how many.
        digits: what pairs and pieces of digits are made of; nothing held out should be there.
        seed: the same seed draws the same frames.
    """
    random = np.random.default_rng([seed, 0x0D1])
    draws = [draw for draw, _ in KINDS.values()]
    weights = np.array([weight for _, weight in KINDS.values()], dtype=float)
    chosen = random.choice(len(draws), size=count, p=weights / weights.sum())
    frames = [framed(draws[kind](random, digits)) for kind in chosen]
    return np.array(frames, dtype=np.uint8).reshape(count, 28, 28)


def framed(ink: Ink) -> NDArray[np.uint8]:
    """Frame ink as a picture's shapes are framed: its box, without the paper around it."""
    rows, columns = (np.flatnonzero((ink > 0.2).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((28, 28), np.uint8)
    return make_frame(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
