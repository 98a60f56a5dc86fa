"""Ones as Europe writes them, with a long flag: MNIST's writers, Americans, drew hardly any."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tendigits.outliers.draw import framed

SIDE = 80


def draw_flagged_ones(count: int, seed: int) -> NDArray[np.uint8]:
    """Return `count` frames (count, 28, 28) uint8 of a one with a flag, some with a foot.

    A network that has seen MNIST alone takes them for a seven. A seven's bar is level, the flag
    of a one falls by 30 degrees or more.

    Args:
        count: how many.
        seed: the same seed draws the same frames.
    """
    random = np.random.default_rng([seed, 0xF1A6])
    frames = [framed(_flagged_one(random)) for _ in range(count)]
    return np.array(frames, np.uint8).reshape(count, 28, 28)


def _flagged_one(random: np.random.Generator) -> NDArray[np.float32]:
    image = Image.new("L", (SIDE, SIDE))
    draw = ImageDraw.Draw(image)
    width = int(random.integers(3, 9))
    slant = np.radians(random.uniform(-8, 20))
    top, length = np.array([46.0, 12.0]), 54.0
    down = np.array([-np.sin(slant), np.cos(slant)])
    foot = top + length * down
    _stroke(draw, top, foot, random.uniform(-2, 2), width)
    angle = random.uniform(slant + np.radians(22), np.radians(60))
    flag = np.array([-np.sin(angle), np.cos(angle)]) * length * random.uniform(0.25, 0.65)
    _stroke(draw, top, top + flag, random.uniform(-2, 2), width)
    if random.random() < 0.2:
        half = np.array([length * random.uniform(0.15, 0.35), random.uniform(-2, 2)])
        _stroke(draw, foot - half, foot + half, random.uniform(-1, 1), width)
    return np.asarray(image, np.float32) / np.float32(255)


def _stroke(
    draw: ImageDraw.ImageDraw,
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    bend: float,
    width: int,
) -> None:
    """Draw a stroke whose middle lies `bend` pixels beside the straight line."""
    along = np.linspace(0, 1, 12)[:, None]
    across = np.array([end[1] - start[1], start[0] - end[0]]) / np.hypot(*(end - start))
    points = start + along * (end - start) + 4 * along * (1 - along) * bend * across
    draw.line([tuple(point) for point in points], fill=255, width=width, joint="curve")
    for x, y in (start, end):
        radius = (width - 1) / 2
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
