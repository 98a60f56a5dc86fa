"""Glyphs: digits and letters as strokes that any pen can draw, and as shapes to stamp."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

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
# The characters of other alphabets, and pictograms: a font and ranges of Unicode, both ends
# included. What looks like a digit alone (circles, bars, numbers in circles) is left out.
_ALPHABETS = (
    ("DejaVuSans.ttf", ((0x391, 0x3C9), (0x410, 0x44F), (0x10D0, 0x10F0))),  # Greek, Cyrillic...
    ("DejaVuSans.ttf", ((0x5D0, 0x5EA),)),  # Hebrew
    ("DejaVuSans.ttf", ((0xFB52, 0xFBA3), (0xFE80, 0xFEFC))),  # Arabic, joined
    ("STIXGeneral.ttf", ((0x1D4B6, 0x1D4CF),)),  # Latin, as written with a pen
)
_PICTOGRAMS = (
    ("DejaVuSans.ttf", ((0x2190, 0x21FF), (0x25A0, 0x25C8), (0x25D0, 0x25E5), (0x25E7, 0x25EE))),
    ("DejaVuSans.ttf", ((0x2600, 0x2608), (0x260E, 0x263B), (0x2654, 0x2671), (0x267A, 0x26A9))),
    ("DejaVuSans.ttf", ((0x2701, 0x274C), (0x274F, 0x2757), (0x2761, 0x2767), (0x2794, 0x27BE))),
    ("DejaVuSans.ttf", ((0x1F42D, 0x1F435), (0x1F600, 0x1F640))),  # faces of animals and people
)
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


class FontCharacter(NamedTuple):
    """A character of a font.

    Attributes:
        font: the name of its file.
        character: the character.
    """

    font: str
    character: str


Source = TypeVar("Source")


class Glyphs(Generic[Source]):
    """The glyphs of images or characters; each is made when it is first used."""

    def __init__(self, sources: Sequence[Source], make: Callable[[Source], Glyph]) -> None:
        """Keep what the glyphs are made of."""
        self._sources, self._make = sources, make
        self._made: dict[int, Glyph] = {}

    def __len__(self) -> int:
        return len(self._sources)

    def __getitem__(self, index: int) -> Glyph:
        if index not in self._made:
            self._made[index] = self._make(self._sources[index])
        return self._made[index]


@dataclass(frozen=True, eq=False)
class GlyphSet:
    """All glyphs that pages are made of.

    Attributes:
        handwritten: for each of the ten digits, its handwritten glyphs.
        printed: for each font, its glyphs by character.
        alphabets: for each alphabet but the plain Latin one, its letters.
        pictograms: arrows, shapes, tools, faces.
    """

    handwritten: tuple[Glyphs[NDArray[np.uint8]], ...]
    printed: tuple[dict[str, Glyph], ...]
    alphabets: tuple[Glyphs[FontCharacter], ...]
    pictograms: Glyphs[FontCharacter]


def make_glyphs(digits: LabelledImages) -> GlyphSet:
    """Return the glyphs of handwritten digits, and of the characters of matplotlib's fonts."""
    images = (digits.images[digits.labels == label] for label in range(CLASSES))
    return GlyphSet(
        handwritten=tuple(Glyphs(list(each), _digit_glyph) for each in images),
        printed=tuple(_font_glyphs(name) for name in _FONTS),
        alphabets=tuple(Glyphs(_available(*each), _font_glyph) for each in _ALPHABETS),
        pictograms=Glyphs(
            [each for group in _PICTOGRAMS for each in _available(*group)], _font_glyph
        ),
    )


def outlined(glyph: Glyph) -> Glyph:
    """Return a glyph whose strokes are the outlines of its shape."""
    contours, _ = cv2.findContours(
        (glyph.stamp > _INK).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE
    )
    points, edges, count = [], [], 0
    for contour in contours:
        here = np.arange(len(contour)) + count
        points.append(contour[:, 0])
        edges.append(np.stack([here, np.roll(here, -1)], axis=1))
        count += len(contour)
    return replace(
        glyph,
        points=(np.concatenate(points) / glyph.unit + glyph.corner).astype(np.float32),
        edges=np.concatenate(edges).astype(np.int32),
    )


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
    characters = _available(
        name, tuple((ord(each), ord(each)) for each in DIGITS + LETTERS + SYMBOLS)
    )
    return {each.character: _font_glyph(each) for each in characters}


def _available(font: str, ranges: Sequence[tuple[int, int]]) -> list[FontCharacter]:
    """Return the characters of ranges, both ends included, for which a font has a shape."""
    available = FT2Font(str(_path(font))).get_charmap()
    return [
        FontCharacter(font, chr(code))
        for first, last in ranges
        for code in range(first, last + 1)
        if code in available
    ]


def _font_glyph(source: FontCharacter) -> Glyph:
    font, middle, unit = _font(source.font)
    image = Image.new("L", (2 * _FONT_SIZE, 2 * _FONT_SIZE))
    position = (_FONT_SIZE - font.getlength(source.character) / 2, _FONT_SIZE / 2)
    ImageDraw.Draw(image).text(position, source.character, fill=255, font=font)
    stamp = np.asarray(image)
    return _glyph(stamp, (0, 0), thin(stamp > 127), np.array(middle), unit)


@cache
def _font(name: str) -> tuple[ImageFont.FreeTypeFont, tuple[float, float], float]:
    """Return a font, the middle of its digits in an image of a glyph, and their height."""
    font = ImageFont.truetype(str(_path(name)), _FONT_SIZE)
    _, top, _, bottom = font.getbbox("0")
    return font, (_FONT_SIZE, _FONT_SIZE / 2 + (top + bottom) / 2), float(bottom - top)


def _path(font: str) -> Path:
    return Path(mpl.get_data_path()) / "fonts" / "ttf" / font
