import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from paper import on_paper, photographed, row
from tendigits.data import Dataset
from tendigits.images import decode, find_ink
from tendigits.images.sheet import find_sheet, quadrilateral_of, without_desk

DESKS = {
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


@pytest.mark.parametrize("desk", DESKS)
@pytest.mark.parametrize("seed", [1, 2])
def test_sheet_on_a_desk_is_found(page: NDArray[np.uint8], desk: str, seed: int) -> None:
    photo = as_floats(photographed(page, DESKS[desk], tilt=0.06, seed=seed))
    blank = as_floats(photographed(np.full_like(page, 255), (0, 0, 0), tilt=0.06, seed=seed))
    truth = blank[..., 0] > 0.5
    sheet = find_sheet(photo)
    assert sheet is not None
    assert (sheet & truth).sum() / (sheet | truth).sum() > 0.97


def test_sheet_that_reaches_beyond_the_picture_is_found(page: NDArray[np.uint8]) -> None:
    photo = photographed(page, DESKS["dark wood"], tilt=0.05)
    left = photo[:, photo.shape[1] // 5 :]
    sheet = find_sheet(as_floats(left))
    assert sheet is not None
    assert 0.5 < sheet.mean() < 0.95


def test_desk_is_painted_in_the_colours_of_the_sheet(page: NDArray[np.uint8]) -> None:
    photo = as_floats(photographed(page, DESKS["dark wood"], tilt=0.05))
    painted = without_desk(photo, photo)
    assert painted.min(axis=2)[0].min() > 0.7
    middle = np.s_[60:-60, 80:-80]
    np.testing.assert_array_equal(painted[middle], photo[middle])


@pytest.mark.parametrize("shadow", [0.0, 0.3, 0.5])
def test_page_without_desk_is_unchanged(mnist: Dataset, shadow: float) -> None:
    ink = np.pad(row(mnist.test.images[:5]), 50)
    pixels = as_floats(on_paper(ink, shadow=shadow, noise=0.01))
    assert without_desk(pixels, pixels) is pixels


def test_digit_drawn_with_a_brush_is_not_a_sheet(mnist: Dataset) -> None:
    for image in mnist.test.images[:40]:
        large = np.kron(image, np.ones((10, 10), np.uint8))
        pixels = as_floats(np.repeat(large[..., None], 3, axis=2))
        assert find_sheet(pixels) is None


def test_desk_is_not_ink(page: NDArray[np.uint8]) -> None:
    ink = find_ink(decode(photographed(page, DESKS["dark wood"], tilt=0.05)))
    assert 0.005 < ink.mask.mean() < 0.15
    assert not ink.mask[:10].any()


def polygon(*corners: tuple[int, int]) -> NDArray[np.bool_]:
    image = Image.new("1", (200, 150))
    ImageDraw.Draw(image).polygon(corners, fill=1)
    return np.asarray(image)


@pytest.mark.parametrize(
    "corners",
    [
        ((20, 20), (180, 20), (180, 130), (20, 130)),
        ((60, 10), (190, 40), (150, 140), (10, 100)),
        ((100, 5), (195, 75), (100, 145), (5, 75)),
    ],
)
def test_quadrilaterals_in_any_position_are_found(corners: tuple[tuple[int, int], ...]) -> None:
    figure = polygon(*corners)
    found = quadrilateral_of(figure)
    assert found is not None
    assert (found & figure).sum() / (found | figure).sum() > 0.95


def test_ellipse_is_not_a_quadrilateral() -> None:
    image = Image.new("1", (200, 150))
    ImageDraw.Draw(image).ellipse((20, 20, 180, 130), fill=1)
    assert quadrilateral_of(np.asarray(image)) is None
