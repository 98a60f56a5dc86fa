"""Drawings of no digit: scribbles, polygons, stars, grids, blots and textures."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.interpolate import CubicSpline

Ink = NDArray[np.float32]
SIDE = 64


def scribble(random: np.random.Generator) -> Ink:
    """Draw one to four curves of many turns."""
    image, draw = _canvas()
    for _ in range(random.integers(1, 5)):
        points = random.uniform(0.1, 0.9, (random.integers(6, 12), 2)) * SIDE
        curve = CubicSpline(np.arange(len(points)), points)(np.linspace(0, len(points) - 1, 120))
        _line(draw, curve, _width(random))
    return _ink(image)


def filled_polygon(random: np.random.Generator) -> Ink:
    """Draw a filled shape of three to nine corners, or a filled ellipse."""
    image, draw = _canvas()
    if random.random() < 0.3:
        low, high = random.uniform(2, 22, 2), random.uniform(40, 62, 2)
        shape = draw.ellipse if random.random() < 0.4 else draw.rectangle
        shape([*low, *high], fill=255)
    else:
        count = int(random.integers(3, 10))
        angles = np.sort(random.uniform(0, 2 * np.pi, count))
        draw.polygon(_around(angles, 28 * random.uniform(0.5, 1, count)), fill=255)
    return _shaded(_ink(image), random)


def star(random: np.random.Generator) -> Ink:
    """Draw a star."""
    image, draw = _canvas()
    corners = 2 * int(random.integers(4, 8))
    angles = np.arange(corners) * 2 * np.pi / corners + random.uniform(0, np.pi)
    radii = np.where(np.arange(corners) % 2, random.uniform(8, 16), 28)
    fill = 255 if random.random() < 0.6 else 0
    draw.polygon(_around(angles, radii), fill=fill, outline=255, width=_width(random))
    return _ink(image)


def triangle(random: np.random.Generator) -> Ink:
    """Draw a triangle's outline."""
    image, draw = _canvas()
    angles = np.arange(3) * 2 * np.pi / 3 + random.uniform(0, 2 * np.pi)
    draw.polygon(_around(angles, random.uniform(22, 28, 3)), outline=255, width=_width(random))
    return _ink(image)


def grid(random: np.random.Generator) -> Ink:
    """Draw lines that cross at right angles."""
    image, draw = _canvas()
    width = _width(random)
    for at in random.uniform(6, 58, random.integers(2, 5)):
        _line(draw, np.array([[at, 6], [at, 58]]), width)
    for at in random.uniform(6, 58, random.integers(2, 5)):
        _line(draw, np.array([[6, at], [58, at]]), width)
    return _ink(image)


def blot(random: np.random.Generator) -> Ink:
    """Draw a blot: smooth noise, cut off at a level, with or without shades in it."""
    smooth = _smooth_noise(random, random.uniform(4, 12))
    fade = np.hypot(*(np.indices((SIDE, SIDE)) - SIDE / 2)) / SIDE
    level = np.quantile(smooth - 2 * fade, random.uniform(0.4, 0.8))
    return _shaded((smooth - 2 * fade > level).astype(np.float32), random)


def texture(random: np.random.Generator) -> Ink:
    """Draw grain, smoothed more or less."""
    smooth = _smooth_noise(random, random.uniform(0.5, 5))
    low, high = np.quantile(smooth, [random.uniform(0.1, 0.6), 0.98])
    ink: Ink = np.clip((smooth - low) / (high - low), 0, 1)
    return ink


def _canvas() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", (SIDE, SIDE))
    return image, ImageDraw.Draw(image)


def _line(draw: ImageDraw.ImageDraw, points: NDArray[np.float64], width: int) -> None:
    draw.line([tuple(point) for point in points], fill=255, width=width, joint="curve")


def _width(random: np.random.Generator) -> int:
    return int(random.integers(2, 8))


def _around(angles: NDArray[np.float64], radii: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Return points at these angles and distances around the middle."""
    x, y = SIDE / 2 + radii * np.cos(angles), SIDE / 2 + radii * np.sin(angles)
    return list(zip(x.tolist(), y.tolist(), strict=True))


def _shaded(ink: Ink, random: np.random.Generator) -> Ink:
    """Give a shape shades inside, as a photographed thing has, half of the time."""
    if random.random() < 0.5:
        return ink
    shades = _smooth_noise(random, random.uniform(1, 8))
    shades = (shades - shades.min()) / (np.ptp(shades) + 1e-9)
    depth = np.float32(random.uniform(0.2, 0.8))
    shaded: Ink = ink * (1 - depth * shades)
    return shaded


def _smooth_noise(random: np.random.Generator, sigma: float) -> NDArray[np.float32]:
    noise = random.standard_normal((SIDE, SIDE)).astype(np.float32)
    smooth: NDArray[np.float32] = ndimage.gaussian_filter(noise, sigma)
    smooth /= smooth.std() + 1e-9
    return smooth


def _ink(image: Image.Image) -> Ink:
    ink: Ink = np.asarray(image, np.float32) / np.float32(255)
    return ink
