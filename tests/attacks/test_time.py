"""The time of a picture is bounded by its pixels, whatever it shows.

The limits are several times what the worst pictures take on one core of a machine of 2024.
"""

import io
import time
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tendigits import Reader
from tendigits.data import Dataset
from tendigits.images import Finder, Found
from tendigits.images.decode import MAX_SIDE
from tendigits.images.finder import _MOST, CHARACTERS
from tendigits.reading.fitting import MAX_DIGITS, fit_number, pattern_of_length
from tendigits.reading.table import table_of

SECONDS = 20
MEGAPIXELS_40 = 6324  # pixels per side: the server's limit
Grey = NDArray[np.uint8]
Layout = Callable[[int], NDArray[np.float64]]


def tiny_digits(digits: Grey, height: int, side: int) -> Grey:
    """Return a picture full of digits."""
    row = np.hstack([cv2.resize(255 - digit, (height, height)) for digit in digits])
    page: Grey = np.tile(row, (side // height + 1, side // row.shape[1] + 1))[:side, :side]
    return page


def checkerboard(width: int) -> Grey:
    squares = np.indices((MAX_SIDE, MAX_SIDE)).sum(axis=0) // width
    picture: Grey = (squares % 2 * 255).astype(np.uint8)
    return picture


def bars(width: int) -> Grey:
    """Return a picture full of ones."""
    picture = np.full((MAX_SIDE, MAX_SIDE), 255, np.uint8)
    picture[:, ::width] = 0
    for row in range(width):
        picture[row :: 4 * width] = 255
    return picture


def noise(density: float) -> Grey:
    random = np.random.default_rng(0)
    return (random.random((MAX_SIDE, MAX_SIDE)) < density).astype(np.uint8) * 255


@pytest.fixture(scope="module")
def worst(mnist: Dataset) -> list[Grey]:
    sizes = (12, 20, 28, 40, 56, 80, 120)
    return [
        *(tiny_digits(mnist.test.images[:40], height, MAX_SIDE) for height in sizes),
        *(checkerboard(width) for width in (1, 3, 8)),
        *(bars(width) for width in (6, 14)),
        *(noise(density) for density in (0.5, 0.1, 0.01)),
    ]


def test_hostile_pictures_of_full_size_are_read_in_bounded_time(worst: list[Grey]) -> None:
    reader = Reader(threads=1)
    for picture in worst:
        start = time.process_time()
        assert len(reader.read(picture).characters) <= _MOST
        assert time.process_time() - start < SECONDS


def test_a_picture_of_40_megapixels_full_of_digits_is_read_in_bounded_time(mnist: Dataset) -> None:
    grey = tiny_digits(mnist.test.images[:40], 120, MEGAPIXELS_40)
    file = io.BytesIO()
    Image.merge("RGBA", [Image.fromarray(grey)] * 4).save(file, "PNG", compress_level=1)
    start = time.process_time()
    Reader(threads=1).read(file.getvalue())
    assert time.process_time() - start < SECONDS


def grid(count: int) -> NDArray[np.float64]:
    side = MAX_SIDE // int(np.ceil(np.sqrt(count)))
    rows, columns = np.divmod(np.arange(count), MAX_SIDE // side)
    corners = side * np.stack([columns, rows], 1)
    return np.hstack([corners + 2, corners + side - 2])


def slices(count: int) -> NDArray[np.float64]:
    left = np.arange(count)
    return np.stack([left, 0 * left, left + 1, 0 * left + MAX_SIDE], 1)


def diagonal(count: int) -> NDArray[np.float64]:
    corner = np.arange(count)
    return np.stack([corner, corner, corner + 30, corner + 30], 1)


def large(count: int) -> NDArray[np.float64]:
    corners = np.random.default_rng(0).integers(0, MAX_SIDE // 2, (count, 2))
    return np.hstack([corners, corners + MAX_SIDE // 2 - 9])


@pytest.mark.parametrize("layout", [grid, slices, diagonal, large])
@pytest.mark.parametrize("sure", [True, False])
def test_as_many_characters_as_can_be_found_are_read_in_bounded_time(
    worst: list[Grey], monkeypatch: pytest.MonkeyPatch, layout: Layout, sure: bool
) -> None:
    boxes = layout(_MOST)
    found = [
        Found(tuple(box), 0.99 if sure else 0.3, probabilities(at, sure=sure))
        for at, box in enumerate(boxes.astype(float).tolist())
    ]
    monkeypatch.setattr(Finder, "find", lambda *_: found)
    reader = Reader(threads=1)
    start = time.process_time()
    reading = reader.read(worst[3])
    fit_number(reading.characters, pattern_of_length(1, MAX_DIGITS))
    table_of(reading.characters, reader.threshold)
    assert time.process_time() - start < SECONDS


def probabilities(at: int, *, sure: bool) -> NDArray[np.float32]:
    classes = np.full(len(CHARACTERS), 0.005 if sure else 1 / len(CHARACTERS), np.float32)
    if sure:
        classes[at % 10 if at % 9 else 10 + at % 5] = 0.93
    return classes
