"""The fifteen corruptions of MNIST-C, reimplemented, each at five strengths.

Source: N. Mu, J. Gilmer, "MNIST-C: a robustness benchmark for computer vision",
arXiv:1906.02337. The paper describes them; strengths and code are this project's, so figures are
not comparable with those of the published files.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from tendigits.data import IMAGE_SIZE

Images = NDArray[np.float32]  # (n, 28, 28), from 0 for paper to 1 for full ink
Points = NDArray[np.float64]
Weights = Any  # scipy.sparse.csr_array, which is untyped

STRENGTHS = (1, 2, 3, 4, 5)
_CENTRE = (IMAGE_SIZE - 1) / 2
_IDENTITY = np.eye(2)
_MOTION_DIRECTIONS = 16
_FOG_CELLS = (2, 4, 8, 16)


def corrupt(
    images: NDArray[np.uint8], corruption: str, strength: int, seed: int = 0
) -> NDArray[np.uint8]:
    """Return corrupted copies of images.

    Args:
        images: (n, 28, 28) uint8, 0 for paper and 255 for full ink.
        corruption: one of `CORRUPTIONS`.
        strength: from 1 to 5.
        seed: the same seed gives the same copies.
    """
    number = list(CORRUPTIONS).index(corruption)
    random = np.random.default_rng([seed, number, strength])
    ink = images.astype(np.float32) / np.float32(255)
    corrupted = CORRUPTIONS[corruption](ink, strength, random)
    return np.rint(np.clip(corrupted, 0, 1) * 255).astype(np.uint8)


def shot_noise(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Count light in few quanta, as a sensor does in the dark: the fewer, the noisier."""
    quanta = (60, 25, 12, 6, 3)[strength - 1]
    return (random.poisson(images * quanta) / quanta).astype(np.float32)


def impulse_noise(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Set single pixels to full ink or to paper (salt and pepper noise)."""
    fraction = (0.05, 0.1, 0.15, 0.2, 0.27)[strength - 1]
    drawn = random.random(images.shape, np.float32)
    corrupted = np.where(drawn < fraction / 2, np.float32(1), images)
    return np.where(drawn > 1 - fraction / 2, np.float32(0), corrupted)


def glass_blur(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Exchange pixels for neighbours at random, then blur, as seen through frosted glass."""
    fraction, passes = ((0.4, 1), (0.7, 1), (1.0, 1), (1.0, 2), (1.0, 3))[strength - 1]
    number, rows, columns = np.indices(images.shape, np.int16)
    for _ in range(passes):
        moved = random.random(images.shape, np.float32) < fraction
        down, right = random.integers(-1, 2, (2, *images.shape), np.int16) * moved
        row = np.clip(rows + down, 0, IMAGE_SIZE - 1)
        column = np.clip(columns + right, 0, IMAGE_SIZE - 1)
        images = images[number, row, column]
    blurred: Images = ndimage.gaussian_filter(images, (0, 0.5, 0.5))
    return blurred


def motion_blur(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Blur along a line of random direction."""
    length = (3, 4, 5, 6, 8)[strength - 1]
    offsets = np.arange(length) - (length - 1) / 2
    blurs = []
    for angle in np.arange(_MOTION_DIRECTIONS) * np.pi / _MOTION_DIRECTIONS:
        shifts = [(o * np.sin(angle), o * np.cos(angle)) for o in offsets]
        blurs.append(sum(affine(_IDENTITY, shift) for shift in shifts) / length)
    return resample(images, blurs, random)


def shear(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Slant to the left or to the right."""
    slope = (0.2, 0.35, 0.5, 0.65, 0.8)[strength - 1]
    slants = [np.array([[1, 0], [sign * slope, 1]]) for sign in (-1, 1)]
    return resample(images, [affine(slant) for slant in slants], random)


def scale(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Shrink."""
    size = (0.85, 0.75, 0.65, 0.55, 0.45)[strength - 1]
    return resample(images, [affine(_IDENTITY / size)], random)


def rotate(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Rotate clockwise or counterclockwise."""
    angles = np.deg2rad((10, 20, 30, 40, 50)[strength - 1]) * np.array([-1, 1])
    turns = [np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) for a in angles]
    return resample(images, [affine(turn) for turn in turns], random)


def brightness(images: Images, strength: int, random: np.random.Generator) -> Images:  # noqa: ARG001
    """Add the same amount of ink everywhere."""
    return images + np.float32((0.15, 0.25, 0.35, 0.45, 0.6)[strength - 1])


def translate(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Shift diagonally, in one of four directions."""
    pixels = (1, 2, 3, 4, 6)[strength - 1]
    shifts = [(down, right) for down in (-pixels, pixels) for right in (-pixels, pixels)]
    return resample(images, [affine(_IDENTITY, shift) for shift in shifts], random)


def stripe(images: Images, strength: int, random: np.random.Generator) -> Images:  # noqa: ARG001
    """Invert a vertical stripe in the middle."""
    half = (1, 2, 3, 4, 5)[strength - 1]
    middle = slice(IMAGE_SIZE // 2 - half, IMAGE_SIZE // 2 + half)
    striped = images.copy()
    striped[:, :, middle] = 1 - striped[:, :, middle]
    return striped


def fog(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Cover with haze: noise whose amplitude falls with its spatial frequency."""
    density = np.float32((0.3, 0.5, 0.75, 1.0, 1.5)[strength - 1])
    haze = np.sum([_smooth(cells, len(images), random) / cells for cells in _FOG_CELLS], axis=0)
    haze -= haze.min(axis=(1, 2), keepdims=True)
    haze /= haze.max(axis=(1, 2), keepdims=True)
    fogged: Images = (images + density * haze) / (1 + density)
    return fogged


def spatter(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Add splashes of ink: smooth noise where it exceeds a level."""
    covered = (0.04, 0.08, 0.12, 0.17, 0.22)[strength - 1]
    noise = ndimage.gaussian_filter(random.standard_normal(images.shape, np.float32), (0, 1.5, 1.5))
    level = np.quantile(noise, 1 - covered)
    splashes = np.clip((noise - level) / noise.std() * 4, 0, 1)
    spattered: Images = np.maximum(images, splashes)
    return spattered


def dotted_line(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Draw as many straight dotted lines as the strength."""
    for _ in range(strength):
        start, end = _random_lines(len(images), random)
        images = _with_dots(images, _interpolate(start, end, np.linspace(0, 1, 11)), width=2)
    return images


def zigzag(images: Images, strength: int, random: np.random.Generator) -> Images:
    """Draw as many zigzag lines as the strength."""
    for _ in range(strength):
        start, end = _random_lines(len(images), random)
        along = np.linspace(0, 1, 60)
        swing = 2.5 * (2 * np.abs(2 * (5 * along % 1) - 1) - 1)
        sideways = (end - start)[:, ::-1] * np.array([-1, 1])
        sideways /= np.linalg.norm(sideways, axis=1, keepdims=True)
        points = _interpolate(start, end, along)
        points += sideways[:, np.newaxis] * swing[:, np.newaxis]
        images = _with_dots(images, points, width=1)
    return images


def canny_edges(images: Images, strength: int, random: np.random.Generator) -> Images:  # noqa: ARG001
    """Replace by the edges (Canny's detector), after Gaussian smoothing that grows with strength.

    Source: J. Canny, "A computational approach to edge detection", IEEE TPAMI 8, 1986.
    """
    sigma = (0.5, 0.8, 1.1, 1.4, 1.8)[strength - 1]
    smooth = ndimage.gaussian_filter(images, (0, sigma, sigma))
    down, right = (
        ndimage.correlate1d(
            ndimage.correlate1d(smooth, [1, 2, 1], axis=across), [-1, 0, 1], axis=along
        )
        for along, across in ((1, 2), (2, 1))
    )  # Sobel's derivatives
    slope = np.hypot(down, right)
    maxima = np.where(_is_maximum(slope, down, right), slope, 0)
    steepest = slope.max(axis=(1, 2), keepdims=True)
    return _connected(maxima > 0.3 * steepest, maxima > 0.1 * steepest).astype(np.float32)


CORRUPTIONS: dict[str, Callable[[Images, int, np.random.Generator], Images]] = {
    "shot noise": shot_noise,
    "impulse noise": impulse_noise,
    "glass blur": glass_blur,
    "motion blur": motion_blur,
    "shear": shear,
    "scale": scale,
    "rotate": rotate,
    "brightness": brightness,
    "translate": translate,
    "stripe": stripe,
    "fog": fog,
    "spatter": spatter,
    "dotted line": dotted_line,
    "zigzag": zigzag,
    "canny edges": canny_edges,
}


def affine(matrix: NDArray[np.float64], shift: tuple[float, float] = (0.0, 0.0)) -> Weights:
    """Return the sparse matrix (784, 784) of an affine map with bilinear interpolation.

    Args:
        matrix: (2, 2), from a pixel's (row, column), relative to the centre, to its source's.
        shift: added to the source's (row, column).
    """
    rows, columns = np.indices((IMAGE_SIZE, IMAGE_SIZE)).reshape(2, -1) - _CENTRE
    source = matrix @ np.stack([rows, columns]) + np.array(shift)[:, np.newaxis] + _CENTRE
    low = np.floor(source)
    fraction = source - low
    shape = (IMAGE_SIZE**2, IMAGE_SIZE**2)
    weights = sparse.csr_array(shape, dtype=np.float32)
    for down, right in np.ndindex(2, 2):
        row, column = low[0] + down, low[1] + right
        weight = np.abs(1 - down - fraction[0]) * np.abs(1 - right - fraction[1])
        inside = _is_inside(row, column)
        at = (row * IMAGE_SIZE + column)[inside].astype(np.int64)
        entries = (weight[inside].astype(np.float32), (np.flatnonzero(inside), at))
        weights = weights + sparse.csr_array(entries, shape=shape)
    return weights


def resample(images: Images, maps: Sequence[Weights], random: np.random.Generator) -> Images:
    """Return the images (n, 28, 28), each transformed by one of the maps, drawn at random."""
    chosen = random.integers(len(maps), size=len(images))
    resampled = np.empty_like(images)
    for number, weights in enumerate(maps):
        flat = images[chosen == number].reshape(-1, IMAGE_SIZE**2)
        resampled[chosen == number] = (weights @ flat.T).T.reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    return resampled


def _smooth(cells: int, count: int, random: np.random.Generator) -> Images:
    """Return noise (count, 28, 28), bilinearly interpolated from a grid of cells x cells."""
    at = np.linspace(0, cells, IMAGE_SIZE)
    near = np.maximum(0, 1 - np.abs(at[:, np.newaxis] - np.arange(cells + 1))).astype(np.float32)
    corners = random.standard_normal((count, cells + 1, cells + 1), np.float32)
    noise: Images = near @ corners @ near.T
    return noise


def _random_lines(count: int, random: np.random.Generator) -> tuple[Points, Points]:
    """Return starts and ends (count, 2) of lines through the central part of the image."""
    angle = random.uniform(0, np.pi, count)
    direction = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    middle = IMAGE_SIZE / 2 + random.uniform(-6, 6, (count, 2))
    return middle - IMAGE_SIZE / 2 * direction, middle + IMAGE_SIZE / 2 * direction


def _interpolate(start: Points, end: Points, along: Points) -> Points:
    """Return points (n, k, 2) at the fractions `along` (k,) of the lines from start to end."""
    return start[:, np.newaxis] + (end - start)[:, np.newaxis] * along[:, np.newaxis]


def _with_dots(images: Images, points: Points, width: int) -> Images:
    """Return the images with dots of full ink, `width` pixels wide, at points (n, k, 2)."""
    dotted = images.copy()
    number = np.arange(len(images))[:, np.newaxis]
    for offset in np.ndindex(width, width):
        row, column = np.moveaxis(np.floor(points).astype(np.int64) + offset, -1, 0)
        inside = _is_inside(row, column)
        dotted[np.broadcast_to(number, row.shape)[inside], row[inside], column[inside]] = 1
    return dotted


def _is_inside(row: NDArray[Any], column: NDArray[Any]) -> NDArray[np.bool_]:
    larger, smaller = np.maximum(row, column), np.minimum(row, column)
    inside: NDArray[np.bool_] = (smaller >= 0) & (larger < IMAGE_SIZE)
    return inside


def _is_maximum(slope: Images, down: Images, right: Images) -> NDArray[np.bool_]:
    """Return where the slope is a local maximum along the gradient's direction."""
    sector = np.round(np.arctan2(down, right) / (np.pi / 4)).astype(np.int64) % 4
    padded = np.pad(slope, ((0, 0), (1, 1), (1, 1)))
    maximum = np.zeros(slope.shape, bool)
    for number, (y, x) in enumerate(((0, 1), (1, 1), (1, 0), (1, -1))):
        ahead, behind = (
            padded[:, 1 + y * sign : 29 + y * sign, 1 + x * sign : 29 + x * sign]
            for sign in (1, -1)
        )
        maximum |= (sector == number) & (slope >= ahead) & (slope > behind)
    return maximum


def _connected(strong: NDArray[np.bool_], weak: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the weak pixels that are connected to strong ones, image by image."""
    within_an_image = np.zeros((3, 3, 3), bool)
    within_an_image[1] = True
    pieces, count = ndimage.label(weak, within_an_image)
    kept = np.zeros(count + 1, bool)
    kept[pieces[strong]] = True
    kept[0] = False
    connected: NDArray[np.bool_] = kept[pieces]
    return connected
