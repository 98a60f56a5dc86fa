"""The canvas: ink on a page before it is photographed, and the boxes of the characters on it."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from tendigits.data.pages.glyphs import Glyph

Points = NDArray[np.floating]

OVERSAMPLING = 2  # pixels of the canvas along one pixel of the page
_SHIFT = 3  # fractional bits of the coordinates that OpenCV takes
_ONE = OVERSAMPLING << _SHIFT
# A character is asked for if at least this part of its box is on the page,
VISIBLE = 0.75
# and is a non-character if no more than this part is; between them it is ignored.
HIDDEN = 0.4


@dataclass(frozen=True)
class DrawnCharacter:
    """A character on a page.

    Attributes:
        left: of its box, in pixels of the page, as are the others.
        top: of its box.
        right: of its box.
        bottom: of its box.
        label: its index in CHARACTERS.
        text_line: the number of the line of text that it is in, from 0 at the top.
    """

    left: float
    top: float
    right: float
    bottom: float
    label: int
    text_line: int

    @property
    def height(self) -> float:
        """The height of its box."""
        return self.bottom - self.top


@dataclass(frozen=True, eq=False)
class Hand:
    """How somebody writes.

    Attributes:
        pen: the width of the pen in units of the height of digits.
        nib: x and y of the nib's second point in the same units; (0, 0) for a round pen.
        slant: the shear to the right.
        stretch: the width of digits relative to their glyphs.
        wobble: the size of random deformations, in units of the height of digits.
        stamped: whether the shape of the glyph is stamped instead of drawn with the pen.
        strokes: how often each stroke is drawn.
        printed: the number of the font that digits are taken from; None for handwriting.
    """

    pen: float
    nib: tuple[float, float]
    slant: float
    stretch: float
    wobble: float
    stamped: bool
    strokes: int
    printed: int | None


@dataclass(eq=False)
class Canvas:
    """Ink in layers, and the characters that it shows; coordinates are in pixels of the page.

    Attributes:
        height: of the page.
        width: of the page.
        turn: (2, 3) float64, the affine map from where things are put to where they are drawn.
        hand: (2 h, 2 w) uint8, what is written by hand; 255 for full ink.
        print: the same for what is printed or ruled.
        characters: the characters that are seen whole, or nearly.
        ignored: left, top, right and bottom of boxes in which no character is asked for or ruled
            out.
        text_line: the number of the line of text that is being written.
    """

    height: int
    width: int
    turn: NDArray[np.float64]
    hand: NDArray[np.uint8] = field(init=False)
    print: NDArray[np.uint8] = field(init=False)
    characters: list[DrawnCharacter] = field(default_factory=list)
    ignored: list[tuple[float, float, float, float]] = field(default_factory=list)
    text_line: int = 0

    def __post_init__(self) -> None:
        """Make both layers, empty."""
        shape = (OVERSAMPLING * self.height, OVERSAMPLING * self.width)
        self.hand = np.zeros(shape, np.uint8)
        self.print = np.zeros(shape, np.uint8)

    def line(self, points: Points, width: float, *, printed: bool = False) -> None:
        """Draw a line through points (n, 2), `width` pixels wide."""
        layer = self.print if printed else self.hand
        at = self._fixed(self._turned(points))
        cv2.polylines(layer, [at], False, 255, _thickness(width), cv2.LINE_AA, _SHIFT)

    def area(self, points: Points, level: int = 255, *, printed: bool = False) -> None:
        """Fill a polygon with corners (n, 2)."""
        layer = self.print if printed else self.hand
        cv2.fillPoly(layer, [self._fixed(self._turned(points))], level, cv2.LINE_AA, _SHIFT)

    def glyph(
        self,
        glyph: Glyph,
        hand: Hand,
        middle: tuple[float, float],
        size: float,
        random: np.random.Generator,
        character: int | None = None,
    ) -> None:
        """Draw a glyph.

        Args:
            glyph: what is drawn.
            hand: how it is drawn.
            middle: where its point (0, 0) is.
            size: the height of digits in pixels.
            random: draws its deformation.
            character: its index in CHARACTERS, if it is a character to find.
        """
        matrix = np.array([[hand.stretch, -hand.slant], [0, 1]]) * size
        angle = random.normal(0, 0.05)
        matrix = (
            np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ matrix
        )
        if hand.stamped:
            extent = self._stamp(glyph, matrix, middle, printed=hand.printed is not None)
        else:
            extent = self._strokes(glyph, hand, matrix, middle, size, random)
        if character is not None:
            self.note(extent, character)

    def note(self, extent: Points, character: int) -> None:
        """Record a character whose ink has the corners or points `extent` (n, 2), as drawn."""
        left, top = extent.min(axis=0)
        right, bottom = extent.max(axis=0)
        inside = (min(right, self.width) - max(left, 0)) * (min(bottom, self.height) - max(top, 0))
        on_page = right > 0 and bottom > 0 and left < self.width and top < self.height
        visible = inside / max((right - left) * (bottom - top), 1e-6) if on_page else 0
        box = (
            max(float(left), 0.0),
            max(float(top), 0.0),
            min(float(right), float(self.width)),
            min(float(bottom), float(self.height)),
        )
        if visible >= VISIBLE:
            self.characters.append(DrawnCharacter(*box, character, self.text_line))
        elif visible > HIDDEN:
            self.ignored.append(box)

    def _strokes(
        self,
        glyph: Glyph,
        hand: Hand,
        matrix: NDArray[np.float64],
        middle: tuple[float, float],
        size: float,
        random: np.random.Generator,
    ) -> Points:
        points = glyph.points
        thickness = _thickness(hand.pen * size)
        extent = []
        for _ in range(hand.strokes):
            moved = points + hand.wobble * _waves(points, random)
            placed = self._turned(moved @ matrix.T + middle)
            for shift in ((0.0, 0.0), hand.nib) if any(hand.nib) else ((0.0, 0.0),):
                at = placed + np.multiply(shift, size)
                edges = list(self._fixed(at)[glyph.edges])
                cv2.polylines(self.hand, edges, False, 255, thickness, cv2.LINE_AA, _SHIFT)
                extent.append(at)
        half = thickness / 2 / OVERSAMPLING
        drawn = np.concatenate(extent)
        corners: Points = np.stack([drawn.min(axis=0) - half, drawn.max(axis=0) + half])
        return corners

    def _stamp(
        self,
        glyph: Glyph,
        matrix: NDArray[np.float64],
        middle: tuple[float, float],
        *,
        printed: bool,
    ) -> Points:
        """Stamp the shape, with edges as sharp as those of ink."""
        corner = np.asarray(glyph.corner)
        to_page = np.concatenate([matrix / glyph.unit, (matrix @ corner + middle)[:, None]], axis=1)
        turned = self.turn[:, :2] @ to_page
        turned[:, 2] += self.turn[:, 2]
        layer = self.print if printed else self.hand
        corners = glyph.hull @ turned[:, :2].T + turned[:, 2]
        low = np.floor(corners.min(axis=0) * OVERSAMPLING).astype(int) - 3
        high = np.ceil(corners.max(axis=0) * OVERSAMPLING).astype(int) + 3
        left, top = np.maximum(low, 0)
        right, bottom = np.minimum(high, layer.shape[::-1])
        if left < right and top < bottom:
            local = turned * OVERSAMPLING
            local[:, 2] -= (left, top)
            size = (int(right - left), int(bottom - top))
            drawn = cv2.LUT(cv2.warpAffine(glyph.stamp, local, size), _SHARP)
            place = layer[top:bottom, left:right]
            np.maximum(place, drawn, out=place)
        return np.asarray(corners)

    def _turned(self, points: Points) -> Points:
        turned: Points = points @ self.turn[:, :2].T + self.turn[:, 2]
        return turned

    def _fixed(self, points: Points) -> NDArray[np.int32]:
        # far outside the page OpenCV would overflow
        return np.clip(np.round(points * _ONE), -(2**20), 2**20).astype(np.int32)


def _thickness(width: float) -> int:
    return max(1, round(width * OVERSAMPLING))


def _waves(points: Points, random: np.random.Generator) -> Points:
    """Return a smooth random shift (n, 2) of each point, of about unit size."""
    frequency = random.uniform(-4, 4, (2, 2))
    phase = random.uniform(0, 2 * np.pi, 2)
    waves: Points = np.sin(points @ frequency + phase)
    return waves


_SHARP = np.clip((np.arange(256) - 127.5) * 3 + 127.5, 0, 255).astype(np.uint8)
