"""Pages with and without digits, and what a finder should say of them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tendigits.data.pages.canvas import Canvas
from tendigits.data.pages.capture import capture, draw_scene
from tendigits.data.pages.content import (
    CHARACTERS,
    Writer,
    draw_hand,
    write_lines,
    write_lone_digit,
    write_no_digits,
    write_row,
    write_table,
)
from tendigits.data.pages.glyphs import GlyphSet

# Height and width in pixels; wide ones are mostly rows, square ones lone digits and tables.
SHAPES = (
    (96, 96),
    (96, 96),
    (64, 64),
    (64, 160),
    (32, 192),
    (64, 128),
    (32, 256),
    (96, 128),
    (64, 192),
    (128, 96),
    (96, 192),
    (128, 128),
)
_ROWS = {"lone": 0.06, "row": 0.62, "lines": 0.1, "table": 0.04, "none": 0.18}
_SQUARES = {"lone": 0.42, "row": 0.16, "lines": 0.08, "table": 0.08, "none": 0.26}


@dataclass(frozen=True, eq=False)
class Page:
    """A page and its characters.

    Attributes:
        picture: (h, w) uint8.
        boxes: (n, 4) float32, left, top, right and bottom of each character in pixels.
        classes: (n,) int64, the index of each character in CHARACTERS.
        ignored: (m, 4) float32, boxes in which a finder may say anything.
        kind: lone, row, lines, table or none.
    """

    picture: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]
    ignored: NDArray[np.float32]
    kind: str

    @property
    def text(self) -> str:
        """The characters, from left to right."""
        order = np.argsort(self.boxes[:, 0] + self.boxes[:, 2])
        return "".join(CHARACTERS[self.classes[each]] for each in order)


def draw_page(glyphs: GlyphSet, shape: tuple[int, int], random: np.random.Generator) -> Page:
    """Draw a random page.

    Args:
        glyphs: what it is made of.
        shape: its height and width in pixels.
        random: draws all that is random.
    """
    height, width = shape
    kinds = _ROWS if width > 1.8 * height else _SQUARES
    kind = str(random.choice(list(kinds), p=list(kinds.values())))
    if kind == "none" and random.random() < 0.25:
        empty = np.zeros((0, 4), np.float32)
        return Page(draw_scene(height, width, random), empty, np.zeros(0, np.int64), empty, kind)
    pad_bottom, pad_right = (
        random.integers(0, [height // 4, width // 4]) if random.random() < 0.3 else (0, 0)
    )
    canvas = Canvas(height - pad_bottom, width - pad_right, _turn(height, width, random))
    writer = Writer(canvas, draw_hand(random), glyphs, random)
    writers = {
        "lone": write_lone_digit,
        "row": write_row,
        "lines": write_lines,
        "table": write_table,
        "none": write_no_digits,
    }
    writers[kind](writer)
    digits = [box for box in canvas.boxes if box[4] < 10]
    lowest = min((box[3] - box[1] for box in digits), default=0.15 * height)
    picture = capture(canvas, random, lowest)
    picture = cv2.copyMakeBorder(picture, 0, pad_bottom, 0, pad_right, cv2.BORDER_REPLICATE)
    boxes = np.array(canvas.boxes, np.float32).reshape(-1, 5)
    ignored = np.array(canvas.ignored, np.float32).reshape(-1, 4)
    return Page(picture, boxes[:, :4], boxes[:, 4].astype(np.int64), ignored, kind)


def _turn(height: int, width: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Return a small rotation and shear of the page around its middle."""
    angle = np.radians(random.normal(0, 3.0)) if random.random() < 0.6 else 0.0
    if width > 3 * height:
        angle /= 2
    matrix = np.array(
        [[np.cos(angle), -np.sin(angle) + random.normal(0, 0.02)], [np.sin(angle), np.cos(angle)]]
    )
    middle = np.array([width / 2, height / 2])
    return np.concatenate([matrix, (middle - matrix @ middle)[:, None]], axis=1)
