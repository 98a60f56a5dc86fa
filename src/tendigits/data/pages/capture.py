"""How a page becomes a picture: paper, light, ink, blur, noise, resolution and compression."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tendigits.data.pages.canvas import Canvas

Random = np.random.Generator
Levels = NDArray[np.float32]  # (h, w), 0 for black and 1 for white


@dataclass(frozen=True, eq=False)
class Capture:
    """A picture of a page.

    Attributes:
        picture: (h, w) uint8.
        contrast: the difference between paper and full ink relative to paper, from 0 to 1.
    """

    picture: NDArray[np.uint8]
    contrast: float


def capture(canvas: Canvas, random: Random, digit_height: float) -> Capture:
    """Return the picture of a canvas.

    Args:
        canvas: what is written on the page.
        random: draws all that is random.
        digit_height: the height in pixels of the smallest digits, which must stay readable.
    """
    hand, printed = (_reduced(layer, canvas) for layer in (canvas.hand, canvas.print))
    style = random.random()
    if style < 0.2:  # drawn on a screen
        page, contrast = _screen(hand, printed, random)
    elif style < 0.29:  # scanned in black and white
        page, contrast = _black_and_white(hand, printed, random), 1.0
    else:
        page, contrast = _photo(hand, printed, random, digit_height)
    page = _at_resolution(page, random, digit_height)
    if random.random() < 0.3:
        page = 1 - page
    picture = np.clip(page * 255, 0, 255).astype(np.uint8)
    if random.random() < 0.35:
        quality = int(random.integers(25, 90))
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))
    return Capture(picture, contrast)


def draw_scene(height: int, width: int, random: Random) -> NDArray[np.uint8]:
    """Return a picture (h, w) uint8 with the statistics of photos: overlapping shaded shapes.

    Source: A. B. Lee, D. Mumford, J. Huang, "Occlusion models for natural images: a statistical
    study of a scale-invariant dead leaves model" (2001).
    """
    scene = np.full((height, width), random.uniform(0, 1), np.float32)
    largest = 0.6 * max(height, width)
    few = random.random() < 0.5
    for _ in range(int(random.integers(3, 16) if few else random.integers(20, 120))):
        radius = 3 / np.sqrt(random.uniform((3 / largest) ** 2, 1))
        if few:  # objects rather than leaves
            radius = random.uniform(0.1, 1) * largest
        middle = random.uniform(-0.1, 1.1, 2) * (width, height)
        count = int(random.choice([3, 4, 4, 5, 12, 16]))
        angles = random.uniform(0, 7) + np.arange(count) * 2 * np.pi / count
        ring = np.stack([np.cos(angles), np.sin(angles)], 1) * random.uniform(0.4, 1, (count, 1))
        ring = ring * radius * random.uniform(0.4, 1, 2) + middle
        level = float(random.uniform(0, 1))
        cv2.fillPoly(scene, [np.round(ring * 8).astype(np.int32)], level, cv2.LINE_AA, 3)
    scene += _smooth_noise(scene.shape, random, float(np.exp(random.uniform(0, 3)))) * np.float32(
        random.uniform(0, 0.15)
    )
    scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), random.uniform(0.4, 2.0)), np.float32)
    scene += random.standard_normal(scene.shape, np.float32) * np.float32(random.uniform(0, 0.05))
    return np.clip(scene * 255, 0, 255).astype(np.uint8)


def _reduced(layer: NDArray[np.uint8], canvas: Canvas) -> Levels:
    """Return a layer of a canvas in the size of the page, 0 for no ink and 1 for full ink."""
    size = (canvas.width, canvas.height)
    reduced = np.asarray(cv2.resize(layer, size, interpolation=cv2.INTER_AREA))
    return reduced.astype(np.float32) / np.float32(255)


def _screen(hand: Levels, printed: Levels, random: Random) -> tuple[Levels, float]:
    """Return a drawing, and its contrast."""
    ink = np.float32(1.0 if random.random() < 0.7 else random.uniform(0.4, 1))
    paper = np.float32(1.0 if random.random() < 0.7 else random.uniform(0.7, 1))
    shade = ink * np.maximum(hand, printed * np.float32(random.uniform(0.2, 1)))
    page: Levels = paper - paper * shade
    if random.random() < 0.5:
        page = _blurred(page, random.uniform(0, 1.0))
    return page, float(ink)


def _black_and_white(hand: Levels, printed: Levels, random: Random) -> Levels:
    noise = _smooth_noise(hand.shape, random, 0.8) * np.float32(random.uniform(0, 0.35))
    rough = _blurred(np.maximum(hand, printed), random.uniform(0.3, 1.0)) + 0.2 * noise
    page: Levels = (rough < random.uniform(0.35, 0.6)).astype(np.float32)
    return page


def _photo(
    hand: Levels, printed: Levels, random: Random, digit_height: float
) -> tuple[Levels, float]:
    """Return a photo or a scan, and the contrast of what is written by hand."""
    paper = _paper(hand.shape, random)
    contrast = random.uniform(0.3, 0.95) if random.random() < 0.8 else random.uniform(0.1, 0.3)
    if random.random() < 0.3:  # pencil, dry markers
        grain = _smooth_noise(hand.shape, random, float(random.uniform(0.4, 1.2)))
        hand = hand * np.clip(1 - random.uniform(0.05, 0.35) * (grain + 0.5), 0, 1)
    sigma = random.uniform(0.0, 0.06) * digit_height if random.random() < 0.5 else 0.4
    sigma = min(float(sigma), 2.5)
    print_contrast = contrast * random.uniform(0.2, 1.4)
    ink = np.maximum(
        np.float32(contrast) * _blurred(hand, sigma),
        np.float32(min(print_contrast, 0.95)) * _blurred(printed, sigma),
    )
    page = paper * (1 - ink)
    noise = min(random.exponential(0.012), 0.2 * contrast) * float(paper.mean())
    page = page + random.standard_normal(page.shape, np.float32) * np.float32(noise)
    if random.random() < 0.3:
        page = _blurred(page, random.uniform(0.4, 0.9))
    page = np.clip(page, 0, 1) ** np.float32(random.uniform(0.7, 1.4))
    if random.random() < 0.05:
        page = _dark_borders(page, random)
    return page, float(contrast)


def _paper(shape: tuple[int, ...], random: Random) -> Levels:
    """Return paper with uneven light, at times a shadow, folds and grain."""
    height, width = shape
    rows = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None]
    columns = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None]
    paper = np.full(shape, random.uniform(0.45, 1.0), np.float32)
    if random.random() < 0.7:
        slope = random.normal(0, 0.15, 2).astype(np.float32)
        paper *= 1 + slope[0] * rows + slope[1] * columns
    if random.random() < 0.2:
        angle, offset = random.uniform(0, 2 * np.pi), random.uniform(-0.4, 0.4)
        side = np.cos(angle) * rows + np.sin(angle) * columns - offset
        edge = 1 / (1 + np.exp(-np.clip(side * random.uniform(5, 100), -30, 30)))
        paper *= 1 - np.float32(random.uniform(0.1, 0.5)) * edge.astype(np.float32)
    if random.random() < 0.4:
        sigma = float(np.exp(random.uniform(np.log(0.7), np.log(12))))
        grain = float(np.exp(random.normal(0, 0.6)))
        noise = _smooth_noise(shape, random, sigma, grain)
        paper *= 1 + np.float32(random.exponential(0.02)) * noise
    return paper


def _dark_borders(page: Levels, random: Random) -> Levels:
    """Return the page with black bars at some of its borders, as scans have."""
    height, width = page.shape
    bars = (random.uniform(0, 0.06, 4) * min(height, width)).astype(int)
    level = random.uniform(0, 0.2)
    page = page.copy()
    page[: bars[0]] = level
    page[height - bars[1] :] = level
    page[:, : bars[2]] = level
    page[:, width - bars[3] :] = level
    return page


def _at_resolution(page: Levels, random: Random, digit_height: float) -> Levels:
    """Return the page as enlarged from fewer pixels: a digit keeps at least 11 of its rows."""
    smallest = max(0.15, 11 / max(digit_height, 11))
    if random.random() > 0.45 or smallest > 0.95:
        return page
    height, width = page.shape
    scale = random.uniform(smallest, 1.0)
    small = (max(8, round(width * scale)), max(8, round(height * scale)))
    reduced = cv2.resize(page, small, interpolation=cv2.INTER_AREA)
    way = cv2.INTER_CUBIC if random.random() < 0.5 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(reduced, (width, height), interpolation=way))


def _blurred(levels: Levels, sigma: float) -> Levels:
    if sigma < 0.3:
        return levels
    return np.asarray(cv2.GaussianBlur(levels, (0, 0), sigma))


def _smooth_noise(
    shape: tuple[int, ...], random: Random, sigma: float, stretch: float = 1.0
) -> Levels:
    """Return noise of unit variance, smooth over about `sigma` pixels, and higher or wider."""
    height, width = shape
    rows, columns = max(1.0, sigma * stretch), max(1.0, sigma / stretch)
    small = (int(height / rows) + 3, int(width / columns) + 3)
    noise = random.standard_normal(small, np.float32)
    return np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC))
