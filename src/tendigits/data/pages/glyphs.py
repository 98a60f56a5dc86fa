"""Glyphs: digits and letters as strokes that any pen can draw, and as shapes to stamp.

The strokes of a glyph are its skeleton: thinned as in T. Y. Zhang, C. Y. Suen, "A fast parallel
algorithm for thinning digital patterns" (1984), then smoothed.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
from matplotlib.ft2font import FT2Font
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tendigits.data.dataset import LabelledImages

_ENLARGED = 56  # pixels per side of the MNIST images that are thinned
_FONT_SIZE = 44  # pixels
_CHUNK = 512  # images that are thinned at once; they fit into the CPU caches
_SMOOTHINGS = 3

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


@dataclass(frozen=True, eq=False)
class GlyphSet:
    """All glyphs that pages are made of.

    Attributes:
        handwritten: for each of the ten digits, its handwritten glyphs.
        printed: for each font, its glyphs by character.
    """

    handwritten: tuple[list[Glyph], ...]
    printed: tuple[dict[str, Glyph], ...]


def make_glyphs(digits: LabelledImages) -> GlyphSet:
    """Return the glyphs of handwritten digits, and of the characters of matplotlib's fonts.

    Args:
        digits: handwritten digits; 60,000 take 20 seconds.
    """
    handwritten: tuple[list[Glyph], ...] = tuple([] for _ in DIGITS)
    for start in range(0, len(digits), _CHUNK):
        part = digits.subset(np.arange(start, min(start + _CHUNK, len(digits))))
        enlarged = np.stack([_enlarged(image) for image in part.images])
        for stamp, skeleton, label in zip(enlarged, thin(enlarged > 127), part.labels, strict=True):
            glyph = _trimmed_glyph(stamp, skeleton)
            if glyph is not None:
                handwritten[label].append(glyph)
    return GlyphSet(handwritten, tuple(_font_glyphs(name) for name in _FONTS))


def thin(masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the skeletons of masks (n, h, w)."""
    images = np.pad(masks, ((0, 0), (1, 1), (1, 1))).astype(np.uint8)
    first, second = _thinning_tables()
    while True:
        before = int(images.sum())
        for table in (first, second):
            images &= ~np.take(table, _neighbour_codes(images)) & 1
        if int(images.sum()) == before:
            return images[:, 1:-1, 1:-1].astype(bool)


def _enlarged(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    enlarged = cv2.resize(image, (_ENLARGED, _ENLARGED), interpolation=cv2.INTER_CUBIC)
    smooth: NDArray[np.uint8] = cv2.GaussianBlur(enlarged, (0, 0), 0.8)
    return smooth


def _trimmed_glyph(stamp: NDArray[np.uint8], skeleton: NDArray[np.bool_]) -> Glyph | None:
    """Return a digit as a glyph of height 1; None where it is no more than a dot."""
    rows, columns = (np.flatnonzero((stamp > 100).any(axis=axis)) for axis in (1, 0))
    if len(rows) < 10 or not skeleton.any():
        return None
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    unit = float(bottom - top)
    middle = np.array([(left + right) / 2, (top + bottom) / 2])
    return _glyph(stamp[top:bottom, left:right], (left, top), skeleton, middle, unit)


def _glyph(
    stamp: NDArray[np.uint8],
    corner: tuple[int, int],
    skeleton: NDArray[np.bool_],
    middle: NDArray[np.float64],
    unit: float,
) -> Glyph:
    points, edges = _graph(skeleton)
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
    inked = np.argwhere(stamp > 100)[:, ::-1].astype(np.float32) + 0.5
    hull: NDArray[np.float32] = cv2.convexHull(inked)[:, 0] if len(inked) else inked
    return hull


def _graph(skeleton: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Return the skeleton's pixels as smoothed points (x, y), and the edges between them."""
    index = np.full((skeleton.shape[0] + 2, skeleton.shape[1] + 2), -1, np.int32)
    rows, columns = np.nonzero(skeleton)
    index[rows + 1, columns + 1] = np.arange(len(rows))
    here, right, below = index[1:-1, 1:-1], index[1:-1, 2:], index[2:, 1:-1]
    left, below_right, below_left = index[1:-1, :-2], index[2:, 2:], index[2:, :-2]
    edges = np.concatenate(
        [
            _pairs(here, right, (here >= 0) & (right >= 0)),
            _pairs(here, below, (here >= 0) & (below >= 0)),
            _pairs(here, below_right, (here >= 0) & (below_right >= 0) & (right < 0) & (below < 0)),
            _pairs(here, below_left, (here >= 0) & (below_left >= 0) & (left < 0) & (below < 0)),
        ]
    )
    points = np.stack([columns, rows], axis=1).astype(np.float64)
    degree = np.bincount(edges.ravel(), minlength=len(points))
    inner = degree > 1
    for _ in range(_SMOOTHINGS):
        total = np.zeros_like(points)
        np.add.at(total, edges[:, 0], points[edges[:, 1]])
        np.add.at(total, edges[:, 1], points[edges[:, 0]])
        points[inner] = (points[inner] + total[inner] / degree[inner, None]) / 2
    if not len(edges):
        edges = np.zeros((1, 2), np.int32)  # a dot: a line from a point to itself
    return points, edges.astype(np.int32)


def _pairs(
    first: NDArray[np.int32], second: NDArray[np.int32], chosen: NDArray[np.bool_]
) -> NDArray[np.int32]:
    return np.stack([first[chosen], second[chosen]], axis=1)


def _neighbour_codes(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a bit for each of the eight neighbours, clockwise from the one above."""
    codes = np.zeros_like(images)
    inner = codes[:, 1:-1, 1:-1]
    height, width = images.shape[1:]
    steps = ((0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0), (0, 0))
    for bit, (row, column) in enumerate(steps):
        inner |= images[:, row : height - 2 + row, column : width - 2 + column] << bit
    return codes


@cache
def _thinning_tables() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return for each code of neighbours whether the pixel is removed, in each half of a pass."""
    first, second = np.zeros(256, np.uint8), np.zeros(256, np.uint8)
    for code in range(256):
        ring = [code >> bit & 1 for bit in range(8)]
        changes = sum(ring[bit] == 0 and ring[(bit + 1) % 8] == 1 for bit in range(8))
        if not 2 <= sum(ring) <= 6 or changes != 1:
            continue
        above, right, below, left = ring[0], ring[2], ring[4], ring[6]
        first[code] = not (above and right and below) and not (right and below and left)
        second[code] = not (above and right and left) and not (above and below and left)
    return first, second


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
        skeleton = thin(stamp[None] > 127)[0]
        if skeleton.any():
            glyphs[character] = _glyph(stamp, (0, 0), skeleton, middle, float(bottom - top))
    return glyphs
