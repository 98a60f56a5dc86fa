"""Glyphs: digits and letters as strokes that any pen can draw, and as shapes to stamp."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
from matplotlib.ft2font import FT2Font
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tendigits.data.dataset import CLASSES, LabelledImages
from tendigits.data.pages.skeleton import thin, trace

_ENLARGED = 56  # pixels per side of the MNIST images that are thinned
_FONT_SIZE = 44  # pixels
_INK = 100  # the level above which a pixel of a stamp is ink

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# A letter that looks like a digit is drawn in words only: alone, nobody could tell them apart.
AMBIGUOUS = frozenset("BDGIOQSZbgiloqsyzj|")
SYMBOLS = "#@%&+=*<>?~{}()[]$€£§!"
_FONTS = (
    "DejaVuSans.ttf",
    "DejaVuSans-Oblique.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSansMono.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSerif-Italic.ttf",
    "STIXGeneral.ttf",
    "STIXGeneralItalic.ttf",
    "STIXGeneralBol.ttf",
    "cmr10.ttf",
    "cmss10.ttf",
    "cmtt10.ttf",
)


@dataclass(frozen=True, eq=False)
class Glyph:
    """A character in units of the height of digits, which are centred at (0, 0).

    Attributes:
        points: (n, 2) float32, x and y of the points of its strokes.
        edges: (m, 2) int32, the pairs of points that are connected.
        stamp: (h, w) uint8, its shape, 255 for full ink.
        hull: (k, 2) float32, the corners of the stamp's convex hull, in pixels of the stamp.
        corner: x and y of the stamp's left upper corner.
        unit: the height of digits in pixels of the stamp.
    """

    points: NDArray[np.float32]
    edges: NDArray[np.int32]
    stamp: NDArray[np.uint8]
    hull: NDArray[np.float32]
    corner: tuple[float, float]
    unit: float

    @property
    def width(self) -> float:
        """The width of its strokes' extent."""
        return float(np.ptp(self.points[:, 0]))


class DigitGlyphs:
    """The glyphs of images of a digit; each is made when it is first used."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        """Keep the images (n, 28, 28) uint8; none may be blank."""
        self._images = images
        self._made: dict[int, Glyph] = {}

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> Glyph:
        if index not in self._made:
            self._made[index] = _digit_glyph(self._images[index])
        return self._made[index]


@dataclass(frozen=True, eq=False)
class GlyphSet:
    """All glyphs that pages are made of.

    Attributes:
        handwritten: for each of the ten digits, its handwritten glyphs.
        printed: for each font, its glyphs by character.
    """

    handwritten: tuple[DigitGlyphs, ...]
    printed: tuple[dict[str, Glyph], ...]


def make_glyphs(digits: LabelledImages) -> GlyphSet:
    """Return the glyphs of handwritten digits, and of the characters of matplotlib's fonts."""
    handwritten = (DigitGlyphs(digits.images[digits.labels == label]) for label in range(CLASSES))
    return GlyphSet(tuple(handwritten), tuple(_font_glyphs(name) for name in _FONTS))


def _digit_glyph(image: NDArray[np.uint8]) -> Glyph:
    """Return a digit as a glyph of height 1."""
    enlarged = cv2.resize(image, (_ENLARGED, _ENLARGED), interpolation=cv2.INTER_CUBIC)
    stamp = np.asarray(cv2.GaussianBlur(enlarged, (0, 0), 0.8), np.uint8)
    rows, columns = (np.flatnonzero((stamp > _INK).any(axis=axis)) for axis in (1, 0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    middle = np.array([(left + right) / 2, (top + bottom) / 2])
    part = stamp[top:bottom, left:right]
    return _glyph(part, (left, top), thin(stamp > 127), middle, float(bottom - top))


def _glyph(
    stamp: NDArray[np.uint8],
    corner: tuple[int, int],
    skeleton: NDArray[np.bool_],
    middle: NDArray[np.float64],
    unit: float,
) -> Glyph:
    points, edges = trace(skeleton)
    left, top = (np.asarray(corner) - middle) / unit
    return Glyph(
        points=((points + 0.5 - middle) / unit).astype(np.float32),
        edges=edges,
        stamp=stamp,
        hull=_hull(stamp),
        corner=(float(left), float(top)),
        unit=unit,
    )


def _hull(stamp: NDArray[np.uint8]) -> NDArray[np.float32]:
    inked = np.argwhere(stamp > _INK)[:, ::-1].astype(np.float32) + 0.5
    return np.asarray(cv2.convexHull(inked), np.float32)[:, 0] if len(inked) else inked


@cache
def _font_glyphs(name: str) -> dict[str, Glyph]:
    path = Path(mpl.get_data_path()) / "fonts" / "ttf" / name
    font = ImageFont.truetype(str(path), _FONT_SIZE)
    _, top, _, bottom = font.getbbox("0")
    middle = np.array([_FONT_SIZE, _FONT_SIZE / 2 + (top + bottom) / 2])
    available = FT2Font(str(path)).get_charmap()
    glyphs = {}
    for character in DIGITS + LETTERS + SYMBOLS:
        if ord(character) not in available:
            continue
        image = Image.new("L", (2 * _FONT_SIZE, 2 * _FONT_SIZE))
        position = (_FONT_SIZE - font.getlength(character) / 2, _FONT_SIZE / 2)
        ImageDraw.Draw(image).text(position, character, fill=255, font=font)
        stamp = np.asarray(image)
        skeleton = thin(stamp > 127)
        if skeleton.any():
            glyphs[character] = _glyph(stamp, (0, 0), skeleton, middle, float(bottom - top))
    return glyphs
