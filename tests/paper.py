"""Pictures of MNIST's test digits on paper, made from a seed."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Pixels = NDArray[np.float32]


def drawn(digit: NDArray[np.uint8], scale: int = 6) -> Pixels:
    """Return a digit's ink (28 * scale square), enlarged smoothly, from 0 to 1."""
    side = digit.shape[0] * scale
    large = Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(large, np.float32) / np.float32(255)


def row(digits: NDArray[np.uint8], gap: int = 10, scale: int = 4) -> Pixels:
    """Return the ink of digits side by side, `gap` pixels apart; below zero they overlap."""
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
    """Return a colour picture: ink of a colour on paper, under uneven light, with noise."""
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
    """Return a picture with blue lines printed on its paper, and upright ones if squared."""
    rows, columns = np.indices(picture.shape[:2])
    lines: NDArray[np.bool_] = np.asarray(rows % spacing < width)
    if squared:
        lines |= columns % spacing < width
    printed = picture * (1 - strength * lines[..., None] * np.array([1.0, 0.7, 0.3]))
    levels: NDArray[np.uint8] = printed.round().astype(np.uint8)
    return levels


def photographed(
    sheet: NDArray[np.uint8],
    table: tuple[float, float, float] = (0.3, 0.2, 0.15),
    *,
    tilt: float = 0.1,
    margin: float = 0.1,
    seed: int = 0,
) -> NDArray[np.uint8]:
    """Return a sheet as it lies on a table, seen obliquely.

    Args:
        sheet: (h, w, 3), what is photographed.
        table: its colour.
        tilt: each corner is moved by up to this share of the sides.
        margin: how much of the table is seen around the sheet, in shares of its sides; below zero
            the sheet reaches beyond the picture.
        seed: of the corners and of the table's grain.
    """
    random = np.random.default_rng(seed)
    height, width = sheet.shape[:2]
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    moved = corners * (1 - 2 * margin) + margin + random.uniform(-tilt, tilt, (4, 2))
    grain = ndimage.gaussian_filter(random.standard_normal((height, width, 1)), (1, 8, 0))
    wood = (np.array(table) * (1 + grain)).clip(0, 1) * 255
    to_sheet = _perspective(moved * [width, height], corners * [width, height])
    bilinear, size = Image.Resampling.BILINEAR, (width, height)
    whole = Image.new("L", size, 255)
    seen = whole.transform(size, Image.Transform.PERSPECTIVE, to_sheet, bilinear)
    paper = Image.fromarray(sheet).transform(size, Image.Transform.PERSPECTIVE, to_sheet, bilinear)
    return np.asarray(Image.composite(paper, Image.fromarray(wood.astype(np.uint8)), seen))


def _perspective(seen: NDArray[np.float64], sheet: NDArray[np.float64]) -> list[float]:
    """Return the eight numbers that map four points of the photo to four of the sheet."""
    equations, values = [], []
    for (x, y), (u, v) in zip(seen, sheet, strict=True):
        equations += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    numbers: list[float] = np.linalg.solve(np.array(equations), np.array(values)).tolist()
    return numbers


def _trimmed(ink: Pixels) -> Pixels:
    rows, columns = (np.flatnonzero((ink > 0.1).any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
