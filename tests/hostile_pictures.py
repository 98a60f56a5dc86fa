"""Pictures that are made to be slow: full of what could be digits, at the largest size."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class Hostile:
    """How a picture is made.

    Attributes:
        kind: one of KINDS.
        size: the size of what it is full of, in pixels; 4 to 160.
        gap: the distance between, relative to the size; 0 to 1.
        stroke: the width of strokes, relative to the size; 0.02 to 0.5.
        grey: the level of the ink; the paper is white.
        seed: of what is random.
        shape: height and width.
    """

    kind: str
    size: float
    gap: float
    stroke: float
    grey: int
    seed: int
    shape: tuple[int, int] = (2048, 2048)

    def picture(self, digits: Grey) -> Grey:
        """Return the picture (h, w); `digits` (n, 28, 28) are drawn in it."""
        page = np.full(self.shape, 255, np.uint8)
        KINDS[self.kind](page, self, digits)
        return page

    @property
    def thickness(self) -> int:
        return max(1, round(self.stroke * self.size))

    @property
    def step(self) -> int:
        return max(2, round(self.size * (1 + self.gap)))


def random_hostile(random: np.random.Generator) -> Hostile:
    return Hostile(
        kind=str(random.choice(sorted(KINDS))),
        size=float(np.exp(random.uniform(np.log(4), np.log(160)))),
        gap=float(random.uniform(0, 1)),
        stroke=float(random.uniform(0.02, 0.5)),
        grey=int(random.integers(0, 200)),
        seed=int(random.integers(0, 2**31)),
    )


def changed(hostile: Hostile, random: np.random.Generator) -> Hostile:
    """Return a picture that differs a little."""
    return replace(
        hostile,
        size=float(np.clip(hostile.size * random.uniform(0.8, 1.25), 4, 160)),
        gap=float(np.clip(hostile.gap + random.uniform(-0.15, 0.15), 0, 1)),
        stroke=float(np.clip(hostile.stroke * random.uniform(0.7, 1.4), 0.02, 0.5)),
        seed=int(random.integers(0, 2**31)),
    )


def _tiled(page: Grey, tiles: list[Grey], step: int, random: np.random.Generator) -> None:
    height, width = page.shape
    for top in range(0, height - step, step):
        for left in range(0, width - step, step):
            tile = tiles[int(random.integers(len(tiles)))][:step, :step]
            part = page[top : top + tile.shape[0], left : left + tile.shape[1]]
            np.minimum(part, tile, out=part)


def _digits(page: Grey, how: Hostile, digits: Grey) -> None:
    side = max(3, round(how.size))
    inked = [cv2.resize(digit[3:25, 3:25], (side, side)) for digit in digits]
    tiles = [(255 - (255 - how.grey) * (each / 255.0)).astype(np.uint8) for each in np.array(inked)]
    _tiled(page, tiles, how.step, np.random.default_rng(how.seed))


def _text(page: Grey, how: Hostile, _: Grey) -> None:
    random = np.random.default_rng(how.seed)
    for bottom in range(round(how.size), page.shape[0], how.step + 1):
        text = "".join(random.choice(list("0123456789.,-/:17abSxO"), 400))
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(page, text, (0, bottom), font, how.size / 24, how.grey, how.thickness)


def _rectangles(page: Grey, how: Hostile, _: Grey) -> None:
    side, random = round(how.size), np.random.default_rng(how.seed)
    widths = random.uniform(0.1, 1, 8) * side
    tiles = []
    for width in widths:
        tile = np.full((side + 1, side + 1), 255, np.uint8)
        cv2.rectangle(tile, (0, 0), (int(width), side), how.grey, how.thickness)
        tiles.append(tile)
    _tiled(page, tiles, how.step, random)


def _teeth(page: Grey, how: Hostile, _: Grey) -> None:
    height, width = page.shape
    for top in range(0, height, 2 * how.step):
        along = np.arange(0, width, max(2, how.step // 2))
        down = top + how.size * (np.arange(len(along)) % 2)
        points = np.stack([along, down], 1).astype(np.int32)
        cv2.polylines(page, [points], False, how.grey, how.thickness)


def _grid(page: Grey, how: Hostile, _: Grey) -> None:
    for at in range(how.thickness):
        page[at :: how.step] = how.grey
        page[:, at :: how.step] = how.grey


def _spirals(page: Grey, how: Hostile, _: Grey) -> None:
    side = max(4, round(how.size))
    turns = np.linspace(0, 6 * np.pi, 200)
    radius = side / 2 * turns / turns[-1]
    points = np.stack([radius * np.cos(turns), radius * np.sin(turns)], 1) + side / 2
    tile = np.full((side + 1, side + 1), 255, np.uint8)
    cv2.polylines(tile, [points.astype(np.int32)], False, how.grey, how.thickness)
    _tiled(page, [tile], how.step, np.random.default_rng(how.seed))


def _noise(page: Grey, how: Hostile, _: Grey) -> None:
    dots = np.random.default_rng(how.seed).random(page.shape) < how.stroke
    page[dots] = how.grey


def _blobs(page: Grey, how: Hostile, _: Grey) -> None:
    noise = np.random.default_rng(how.seed).standard_normal(page.shape, np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), max(1.0, how.size / 6))
    page[smooth > float(np.quantile(smooth[::8, ::8], 1 - how.stroke))] = how.grey


def _checkerboard(page: Grey, how: Hostile, _: Grey) -> None:
    rows, columns = (np.arange(side) // max(1, round(how.size / 4)) for side in page.shape)
    page[(rows[:, None] + columns) % 2 == 1] = how.grey


KINDS: dict[str, Callable[[Grey, Hostile, Grey], None]] = {
    "blobs": _blobs,
    "checkerboard": _checkerboard,
    "digits": _digits,
    "grid": _grid,
    "noise": _noise,
    "rectangles": _rectangles,
    "spirals": _spirals,
    "teeth": _teeth,
    "text": _text,
}
