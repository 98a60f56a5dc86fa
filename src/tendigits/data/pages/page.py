"""Pages with and without digits, and what a finder should say of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tendigits.data.dataset import split_last
from tendigits.data.load import load_dataset
from tendigits.data.pages.canvas import Canvas, DrawnCharacter
from tendigits.data.pages.capture import Capture, capture, draw_scene
from tendigits.data.pages.glyphs import GlyphSet, make_glyphs
from tendigits.data.pages.non_digits import write_no_digits
from tendigits.data.pages.numbers import write_lines, write_lone_digit, write_row, write_table
from tendigits.data.pages.writer import Writer, draw_hand
from tendigits.images.finder import CHARACTERS, DIGIT_CLASSES, PADDED_TO

HELD_OUT = 5_000  # the last training images of MNIST
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
    (128, 64),
    (96, 192),
    (128, 128),
)
# How often each kind of page is drawn.
_ROWS = {"lone": 0.06, "row": 0.58, "lines": 0.12, "table": 0.05, "none": 0.19}
_SQUARES = {"lone": 0.4, "row": 0.16, "lines": 0.07, "table": 0.08, "none": 0.29}
_WRITERS = {
    "lone": write_lone_digit,
    "row": write_row,
    "lines": write_lines,
    "table": write_table,
    "none": write_no_digits,
}


@dataclass(frozen=True, eq=False)
class Page:
    """A page and its characters.

    Attributes:
        picture: (h, w) uint8.
        boxes: (n, 4) float32, left, top, right and bottom of each character in pixels.
        classes: (n,) int64, the index of each character in CHARACTERS.
        text_lines: (n,) int64, the number of the line of text that each character is in.
        ignored: (m, 4) float32, boxes in which a finder may say anything.
        kind: lone, row, lines, table or none.
        contrast: the difference between paper and full ink relative to paper, from 0 to 1.
    """

    picture: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]
    text_lines: NDArray[np.int64]
    ignored: NDArray[np.float32]
    kind: str
    contrast: float

    @property
    def text(self) -> str:
        """The characters of each line from left to right, the lines separated by a line end."""
        order = np.argsort(self.boxes[:, 0] + self.boxes[:, 2], kind="stable")
        return "\n".join(
            "".join(
                CHARACTERS[self.classes[each]] for each in order[self.text_lines[order] == line]
            )
            for line in np.unique(self.text_lines)
        )

    @property
    def count_lines(self) -> int:
        """The number of lines of text."""
        return len(np.unique(self.text_lines))


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
        return _page(Capture(draw_scene(height, width, random), 0.0), [], [], kind)
    pad_bottom, pad_right = _draw_padding(height, width, random)
    canvas = Canvas(height - pad_bottom, width - pad_right, _turn(height, width, random))
    writer = Writer(canvas, draw_hand(random), glyphs, random)
    _WRITERS[kind](writer)
    digits = [each.height for each in canvas.characters if each.label < DIGIT_CLASSES]
    captured = capture(canvas, random, min(digits, default=0.15 * height))
    padded = cv2.copyMakeBorder(captured.picture, 0, pad_bottom, 0, pad_right, cv2.BORDER_REPLICATE)
    picture = np.asarray(padded, np.uint8)
    return _page(replace(captured, picture=picture), canvas.characters, canvas.ignored, kind)


def draw_pages(glyphs: GlyphSet, count: int, random: np.random.Generator) -> list[Page]:
    """Draw random pages of one random shape."""
    shape = SHAPES[random.integers(len(SHAPES))]
    return [draw_page(glyphs, shape, random) for _ in range(count)]


def load_held_out_glyphs() -> GlyphSet:
    """Return the glyphs of the writers of MNIST that no finder is trained on."""
    digits = load_dataset("mnist").train
    held_out = split_last(len(digits), HELD_OUT / len(digits)).validation
    return make_glyphs(digits.subset(held_out))


def synthetic_pages(count: int, seed: int) -> list[tuple[NDArray[np.uint8], str, str]]:
    """Draw pages with digits by the writers of MNIST that no finder is trained on.

    Returns:
        For each page its picture (h, w) uint8, its text line by line, and its kind.
    """
    glyphs = load_held_out_glyphs()
    pages = [
        draw_pages(glyphs, 1, np.random.default_rng([seed, number]))[0] for number in range(count)
    ]
    return [(page.picture, page.text, page.kind) for page in pages]


def _page(
    captured: Capture,
    characters: Sequence[DrawnCharacter],
    ignored: Sequence[tuple[float, float, float, float]],
    kind: str,
) -> Page:
    boxes = [(each.left, each.top, each.right, each.bottom) for each in characters]
    return Page(
        picture=captured.picture,
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        classes=np.array([each.label for each in characters], np.int64),
        text_lines=np.array([each.text_line for each in characters], np.int64),
        ignored=np.array(ignored, np.float32).reshape(-1, 4),
        kind=kind,
        contrast=captured.contrast,
    )


def _draw_padding(height: int, width: int, random: np.random.Generator) -> tuple[int, int]:
    """Return the rows and columns of padding that a page gets where a finder is applied."""
    if random.random() < 0.4:
        return 0, 0
    most = [min(PADDED_TO, side // 2) for side in (height, width)]
    pad_bottom, pad_right = random.integers(0, most).tolist()
    return pad_bottom, pad_right


def _turn(height: int, width: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Return a rotation, mostly a small one, and shear of the page around its middle."""
    angle = np.radians(random.normal(0, 3.0)) if random.random() < 0.6 else 0.0
    if width > 3 * height:
        angle /= 2
    elif random.random() < 0.06:
        angle = np.radians(random.uniform(-40, 40))
    matrix = np.array(
        [[np.cos(angle), -np.sin(angle) + random.normal(0, 0.02)], [np.sin(angle), np.cos(angle)]]
    )
    middle = np.array([width / 2, height / 2])
    return np.concatenate([matrix, (middle - matrix @ middle)[:, None]], axis=1)
