"""Synthetic pictures of MNIST's test digits on paper, reproducible from a seed."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Pixels = NDArray[np.float32]

PENS = [(0.1, 0.1, 0.35), (0.15, 0.15, 0.15), (0.7, 0.15, 0.15), (0.3, 0.3, 0.32)]
PAPERS = [(0.95, 0.95, 0.95), (0.9, 0.88, 0.8), (0.8, 0.78, 0.75)]
DESKS = {"on dark wood": (0.3, 0.2, 0.15), "on light wood": (0.6, 0.5, 0.4)}
PHOTOS = [
    *("plain", "shadow", "ruled", "squared", "oblique", "ruled oblique", "form field", "board"),
    *DESKS,
]


def drawn(digit: NDArray[np.uint8], scale: int = 6) -> Pixels:
    """Return the ink of a digit, (28 * scale, 28 * scale) from 0 to 1, enlarged smoothly."""
    side = digit.shape[0] * scale
    large = Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(large, np.float32) / np.float32(255)


def row(digits: NDArray[np.uint8], gap: int = 10, scale: int = 4) -> Pixels:
    """Return the ink of digits side by side, `gap` pixels apart; they overlap if it is negative."""
    inks = [_trimmed(drawn(digit, scale)) for digit in digits]
    width = sum(ink.shape[1] + gap for ink in inks) + 60
    page = np.zeros((max(len(ink) for ink in inks) + 40, width), np.float32)
    left = 30
    for ink in inks:
        top = (len(page) - len(ink)) // 2
        place = page[top : top + len(ink), left : left + ink.shape[1]]
        np.maximum(place, ink, out=place)
        left += ink.shape[1] + gap
    return page


def on_paper(
    ink: Pixels,
    paper: tuple[float, float, float] = (0.9, 0.88, 0.8),
    pen: tuple[float, float, float] = (0.1, 0.1, 0.35),
    *,
    shadow: float = 0.0,
    noise: float = 0.0,
    seed: int = 0,
) -> NDArray[np.uint8]:
    """Return a picture (h, w, 3) of ink on paper, with colours, a shadow and noise."""
    random = np.random.default_rng(seed)
    colour = np.array(paper) * (1 - ink[..., None]) + np.array(pen) * ink[..., None]
    rows, columns = np.indices(ink.shape) / max(ink.shape)
    light = 1 - shadow * (0.6 * columns + 0.4 * (rows > 0.5 * columns.max()))
    light = ndimage.gaussian_filter(light, 3)
    picture = colour * light[..., None] + noise * random.standard_normal(colour.shape)
    levels: NDArray[np.uint8] = (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)
    return levels


def ruled(
    picture: NDArray[np.uint8],
    spacing: int,
    *,
    squared: bool = False,
    strength: float = 0.4,
    width: int = 1,
) -> NDArray[np.uint8]:
    """Return a picture with blue horizontal lines, and vertical ones if `squared`."""
    rows, columns = np.indices(picture.shape[:2])
    lines: NDArray[np.bool_] = np.asarray(rows % spacing < width)
    if squared:
        lines |= columns % spacing < width
    printed = picture * (1 - strength * lines[..., None] * np.array([1.0, 0.7, 0.3]))
    levels: NDArray[np.uint8] = printed.round().astype(np.uint8)
    return levels


def photographed(
    sheet: NDArray[np.uint8],
    desk: tuple[float, float, float] = (0.3, 0.2, 0.15),
    *,
    tilt: float = 0.1,
    margin: float = 0.1,
    seed: int = 0,
) -> NDArray[np.uint8]:
    """Return an oblique photo of a sheet on a desk.

    Args:
        sheet: (h, w, 3), the picture of the sheet.
        desk: the colour of the desk.
        tilt: each corner is moved by up to this fraction of the sides.
        margin: the width of the desk around the sheet, as a fraction of the sides; if negative,
            the sheet reaches beyond the picture.
        seed: for the corners and the grain of the desk.
    """
    random = np.random.default_rng(seed)
    height, width = sheet.shape[:2]
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    moved = corners * (1 - 2 * margin) + margin + random.uniform(-tilt, tilt, (4, 2))
    grain = ndimage.gaussian_filter(random.standard_normal((height, width, 1)), (1, 8, 0))
    wood = (np.array(desk) * (1 + grain)).clip(0, 1) * 255
    to_sheet = _perspective(moved * [width, height], corners * [width, height])
    bilinear, size = Image.Resampling.BILINEAR, (width, height)
    whole = Image.new("L", size, 255)
    seen = whole.transform(size, Image.Transform.PERSPECTIVE, to_sheet, bilinear)
    paper = Image.fromarray(sheet).transform(size, Image.Transform.PERSPECTIVE, to_sheet, bilinear)
    return np.asarray(Image.composite(paper, Image.fromarray(wood.astype(np.uint8)), seen))


def photo_of(
    kind: str, digits: NDArray[np.uint8], random: np.random.Generator
) -> NDArray[np.uint8]:
    """Return a random photo of digits in a row.

    Args:
        kind: one of `PHOTOS`.
        digits: (n, 28, 28) uint8 from MNIST.
        random: chooses pen, paper, light, size, gaps, margins, tilt and noise.
    """
    scale = int(random.integers(2, 7))
    margins = random.integers(20, 200, 2)
    ink = np.pad(
        row(digits, gap=int(random.integers(4, 20)), scale=scale),
        [(margins[0], margins[0]), (margins[1], margins[1])],
    )
    page = on_paper(
        ink,
        paper=PAPERS[random.integers(len(PAPERS))],
        pen=PENS[random.integers(len(PENS))],
        shadow=float(random.uniform(0.2, 0.5)) if kind in ("shadow", "oblique") else 0.0,
        noise=float(random.choice([0, 0.01, 0.03])),
        seed=int(random.integers(2**31)),
    )
    if kind in ("ruled", "squared", "ruled oblique"):
        page = ruled(
            page,
            int(random.integers(6, 14)) * scale,
            squared=kind == "squared",
            strength=float(random.uniform(0.2, 0.6)),
            width=max(1, scale // 3),
        )
    if kind == "form field":
        thick, height, width = max(1, scale // 3), *page.shape[:2]
        page[10:-10, 10:-10][:thick] = page[10:-10, 10:-10][-thick:] = 70
        page[10 : height - 10, [*range(10, 10 + thick), *range(width - 10 - thick, width - 10)]] = (
            70
        )
    if kind in ("oblique", "ruled oblique"):
        return photographed(page, margin=-0.12, tilt=0.08, seed=int(random.integers(2**31)))
    if kind in DESKS:
        return photographed(page, DESKS[kind], tilt=0.06, seed=int(random.integers(2**31)))
    return 255 - page if kind == "board" else page


def _perspective(seen: NDArray[np.float64], sheet: NDArray[np.float64]) -> list[float]:
    """Return the perspective transform (8 numbers) from 4 points of the photo to 4 of the sheet."""
    equations, values = [], []
    for (x, y), (u, v) in zip(seen, sheet, strict=True):
        equations += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    numbers: list[float] = np.linalg.solve(np.array(equations), np.array(values)).tolist()
    return numbers


def _trimmed(ink: Pixels) -> Pixels:
    rows, columns = (np.flatnonzero((ink > 0.1).any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
