"""The time of a picture is bounded by its pixels, whatever it shows.

The slowest pictures are searched for: some are made at random, and the slowest of them are changed
step by step. docs/security.md has the figures of one core; the limits here are larger, as the
machine may be slow or busy.
"""

import io
import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from hostile_pictures import KINDS, Grey, Hostile, changed, random_hostile
from tendigits import Reader
from tendigits.data import Dataset
from tendigits.images import Finder, Found
from tendigits.images.decode import MAX_SIDE
from tendigits.images.finder import _MOST, CHARACTERS
from tendigits.reading.fitting import MAX_DIGITS, fit_number, pattern_of_length
from tendigits.reading.frames import MOST_CLASSIFIED
from tendigits.reading.table import table_of

SECONDS = 3
SECONDS_OF_12_MEGAPIXELS = 5
# Of the search: how many pictures are made at random, and how often the slowest one is changed.
AT_RANDOM, STEPS = 12, 6
# Known to be slow.
START = Hostile("digits", size=30, gap=0.02, stroke=0.1, grey=0, seed=0)
Layout = Callable[[int], NDArray[np.float64]]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(threads=1)


@pytest.fixture(scope="module")
def digits(mnist: Dataset) -> Grey:
    return mnist.train.images[:40]


def seconds_of(reader: Reader, picture: Grey) -> float:
    start = time.process_time()
    reader.read(picture)
    return time.process_time() - start


def test_slowest_pictures_that_a_search_finds_are_read_in_bounded_time(
    reader: Reader, digits: Grey
) -> None:
    random = np.random.default_rng()
    kinds = [Hostile(kind, 30, 0.1, 0.1, 0, 0) for kind in sorted(KINDS)]
    tried = [START, *kinds, *(random_hostile(random) for _ in range(AT_RANDOM))]
    slowest, hostile = max(
        ((seconds_of(reader, each.picture(digits)), each) for each in tried), key=lambda it: it[0]
    )
    for _ in range(STEPS):
        candidate = changed(hostile, random)
        seconds = seconds_of(reader, candidate.picture(digits))
        if seconds > slowest:
            slowest, hostile = seconds, candidate
    assert slowest < SECONDS, hostile


def test_no_more_frames_are_classified_than_are_allowed(
    reader: Reader, digits: Grey, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []
    predict = reader.classifier.predict

    def counting(images: Grey) -> object:
        counts.append(len(images))
        return predict(images)

    monkeypatch.setattr(type(reader.classifier), "predict", lambda _, images: counting(images))
    reading = reader.read(START.picture(digits))
    assert counts == [MOST_CLASSIFIED]
    assert len(reading.digits) > 2 * MOST_CLASSIFIED


def test_a_picture_of_12_megapixels_full_of_digits_is_read_in_bounded_time(
    reader: Reader, digits: Grey
) -> None:
    hostile = Hostile("digits", size=60, gap=0.02, stroke=0.1, grey=0, seed=0, shape=(3000, 4000))
    page = hostile.picture(digits)
    file = io.BytesIO()
    Image.merge("RGBA", [Image.fromarray(page)] * 3 + [Image.fromarray(255 - page // 9)]).save(
        file, "PNG", compress_level=1
    )
    start = time.process_time()
    reader.read(file.getvalue())
    assert time.process_time() - start < SECONDS_OF_12_MEGAPIXELS


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
    reader: Reader, digits: Grey, monkeypatch: pytest.MonkeyPatch, layout: Layout, sure: bool
) -> None:
    boxes = layout(_MOST)
    found = [
        Found(tuple(box), 0.99 if sure else 0.3, probabilities(at, sure=sure))
        for at, box in enumerate(boxes.astype(float).tolist())
    ]
    monkeypatch.setattr(Finder, "find", lambda *_: found)
    start = time.process_time()
    reading = reader.read(START.picture(digits))
    fit_number(reading.characters, pattern_of_length(1, MAX_DIGITS))
    table_of(reading.characters, reader.threshold)
    assert time.process_time() - start < 2 * SECONDS  # with a table and a pattern


def probabilities(at: int, *, sure: bool) -> NDArray[np.float32]:
    classes = np.full(len(CHARACTERS), 0.005 if sure else 1 / len(CHARACTERS), np.float32)
    if sure:
        classes[at % 10 if at % 9 else 10 + at % 5] = 0.93
    return classes
