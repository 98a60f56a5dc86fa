import numpy as np
import pytest
from numpy.typing import NDArray

from paper import on_paper, photographed, row
from tendigits.data import Dataset
from tendigits.images import decode, find_ink
from tendigits.images.sheet import find_sheet, without_table

TABLES = {
    "dark wood": (0.3, 0.2, 0.15),
    "light wood": (0.6, 0.5, 0.4),
    "grey": (0.3, 0.3, 0.3),
    "black": (0.05, 0.05, 0.05),
}


@pytest.fixture(scope="module")
def page(mnist: Dataset) -> NDArray[np.uint8]:
    ink = np.pad(row(mnist.test.images[:5]), ((60, 60), (40, 40)))
    return on_paper(ink, paper=(0.95, 0.93, 0.9), noise=0.01)


def as_floats(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return (pixels / np.float32(255)).astype(np.float32)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_sheet_is_told_from_the_table_it_lies_on(
    page: NDArray[np.uint8], table: str, seed: int
) -> None:
    photo = as_floats(photographed(page, TABLES[table], tilt=0.06, seed=seed))
    blank = as_floats(photographed(np.full_like(page, 255), (0, 0, 0), tilt=0.06, seed=seed))
    truth = blank[..., 0] > 0.5
    sheet = find_sheet(photo)
    assert sheet is not None
    assert (sheet & truth).sum() / (sheet | truth).sum() > 0.97


def test_a_sheet_that_goes_on_beyond_the_picture_is_found(page: NDArray[np.uint8]) -> None:
    photo = photographed(page, TABLES["dark wood"], tilt=0.05)
    left = photo[:, photo.shape[1] // 5 :]
    sheet = find_sheet(as_floats(left))
    assert sheet is not None
    assert 0.5 < sheet.mean() < 0.95


def test_the_table_takes_on_the_colours_of_the_sheet(page: NDArray[np.uint8]) -> None:
    photo = as_floats(photographed(page, TABLES["dark wood"], tilt=0.05))
    painted = without_table(photo, photo)
    assert painted.min(axis=2)[0].min() > 0.7
    middle = np.s_[60:-60, 80:-80]
    np.testing.assert_array_equal(painted[middle], photo[middle])


@pytest.mark.parametrize("shadow", [0.0, 0.3, 0.5])
def test_a_page_alone_stays_as_it_is(mnist: Dataset, shadow: float) -> None:
    ink = np.pad(row(mnist.test.images[:5]), 50)
    pixels = as_floats(on_paper(ink, shadow=shadow, noise=0.01))
    assert without_table(pixels, pixels) is pixels


def test_a_digit_drawn_with_a_brush_is_no_sheet(mnist: Dataset) -> None:
    for image in mnist.test.images[:40]:
        large = np.kron(image, np.ones((10, 10), np.uint8))
        pixels = as_floats(np.repeat(large[..., None], 3, axis=2))
        assert find_sheet(pixels) is None


def test_of_a_sheet_on_a_table_the_digits_alone_are_ink(page: NDArray[np.uint8]) -> None:
    ink = find_ink(decode(photographed(page, TABLES["dark wood"], tilt=0.05)))
    assert 0.005 < ink.mask.mean() < 0.15
    assert not ink.mask[:10].any()
