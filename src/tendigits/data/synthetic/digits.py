"""Forms of digits that are common in Europe and rare in MNIST, whose writers were American."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tendigits.data.dataset import IMAGE_SIZE, LabelledImages
from tendigits.data.synthetic.ood_images import Ink, frame_ink, ink_of
from tendigits.errors import DataError

_SIZE = 80  # pixels along each side of the image that a one is drawn on


def draw_synthetic_digits(count: int, digits: LabelledImages, seed: int) -> LabelledImages:
    """Draw ones with a long flag (some with a foot) and sevens with a crossed stem.

    A network trained on MNIST alone classifies such ones as sevens. The difference between them:
    the top bar of a seven is level, the flag of a one falls by 30 degrees or more.

    Args:
        count: the number of images; half of them are ones.
        digits: the source of the sevens that are crossed; must not contain held-out images.
        seed: the same seed draws the same images.

    Raises:
        DataError: `digits` has no sevens to cross.
    """
    random = np.random.default_rng([seed, 0xE0])
    sevens = digits.images[digits.labels == 7]
    if count and not len(sevens):
        raise DataError(
            "Synthetic digits are drawn from sevens, and the training images have none; "
            "set synthetic_digits = 0 or use another data set."
        )
    ones = count - count // 2
    frames = [frame_ink(_flagged_one(random)) for _ in range(ones)]
    frames += [_crossed_seven(seven, random) for seven in random.choice(sevens, count // 2)]
    return LabelledImages(
        np.array(frames, np.uint8).reshape(count, IMAGE_SIZE, IMAGE_SIZE),
        np.repeat(np.array([1, 7]), [ones, count // 2]),
    )


def _crossed_seven(seven: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """Return a seven (28, 28) with a short bar across its stem."""
    inked = np.flatnonzero(seven.max(axis=1) > 60)
    row = inked[0] + random.uniform(0.45, 0.65) * np.ptp(inked)
    column = float(np.flatnonzero(seven[round(row)] > 60).mean())
    rows, columns = np.indices(seven.shape)
    along = columns - column
    across = rows - row + random.uniform(-0.25, 0.25) * along
    half_length, half_width = random.uniform(3, 5.5), random.uniform(0.6, 1.4)
    bar = np.clip(half_width + 0.5 - np.abs(across), 0, 1) * (np.abs(along) <= half_length)
    crossed: NDArray[np.uint8] = np.maximum(seven, (255 * bar).astype(np.uint8))
    return crossed


def _flagged_one(random: np.random.Generator) -> Ink:
    """Draw a stem, a flag that falls to the left of its top, and at times a foot."""
    image = Image.new("L", (_SIZE, _SIZE))
    draw = ImageDraw.Draw(image)
    width = int(random.integers(3, 9))
    slant = np.radians(random.uniform(-8, 20))
    top, length = np.array([46.0, 12.0]), 54.0
    down = np.array([-np.sin(slant), np.cos(slant)])
    foot = top + length * down
    _draw_stroke(draw, top, foot, random.uniform(-2, 2), width)
    angle = random.uniform(slant + np.radians(22), np.radians(60))
    flag = np.array([-np.sin(angle), np.cos(angle)]) * length * random.uniform(0.25, 0.65)
    _draw_stroke(draw, top, top + flag, random.uniform(-2, 2), width)
    if random.random() < 0.2:
        half = np.array([length * random.uniform(0.15, 0.35), random.uniform(-2, 2)])
        _draw_stroke(draw, foot - half, foot + half, random.uniform(-1, 1), width)
    return ink_of(image)


def _draw_stroke(
    draw: ImageDraw.ImageDraw,
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    bend: float,
    width: int,
) -> None:
    """Draw a stroke whose middle is `bend` pixels away from the straight line."""
    along = np.linspace(0, 1, 12)[:, None]
    across = np.array([end[1] - start[1], start[0] - end[0]]) / np.hypot(*(end - start))
    points = start + along * (end - start) + 4 * along * (1 - along) * bend * across
    draw.line([tuple(point) for point in points], fill=255, width=width, joint="curve")
    for x, y in (start, end):
        radius = (width - 1) / 2
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
