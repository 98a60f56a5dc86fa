import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from paper import PHOTOS, photo_of
from tendigits import PictureError
from tendigits.data import Dataset
from tendigits.images.grey import is_faint, to_grey

WHITE, BLACK, YELLOW, PALE_BLUE = (255, 255, 255), (0, 0, 0), (255, 235, 20), (200, 225, 255)
RED, BLUE, GREEN, PINK = (200, 30, 30), (30, 75, 210), (60, 180, 60), (255, 150, 200)


def drawing(
    paper: tuple[int, int, int], ink: tuple[int, int, int], noise: float = 3
) -> tuple[np.ndarray, np.ndarray]:
    """Return a noisy drawing of a 4, (h, w, 3), and where its ink is, (h, w)."""
    random = np.random.default_rng(0)
    image = Image.new("L", (200, 260))
    strokes = [(110, 40), (50, 150), (150, 150), (150, 90), (150, 220)]
    ImageDraw.Draw(image).line(strokes, fill=255, width=12)
    mask = np.asarray(image) > 0
    colours = np.where(mask[..., np.newaxis], ink, paper) + random.normal(0, noise, (260, 200, 3))
    return colours.clip(0, 255).astype(np.uint8), mask


def contrast(grey: np.ndarray, mask: np.ndarray) -> float:
    return abs(float(grey[mask].mean()) - float(grey[~mask].mean()))


def luminance(colours: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY))


@pytest.mark.parametrize(
    ("paper", "ink"),
    [(WHITE, YELLOW), (BLUE, RED), (RED, GREEN), (WHITE, PALE_BLUE), (GREEN, PINK)],
    ids=["yellow on white", "red on blue", "green on red", "pale blue on white", "pink on green"],
)
def test_ink_that_differs_by_colour_alone_has_contrast(
    paper: tuple[int, int, int], ink: tuple[int, int, int]
) -> None:
    colours, mask = drawing(paper, ink)
    found, by_luminance = contrast(to_grey(colours), mask), contrast(luminance(colours), mask)
    assert found >= by_luminance - 1
    assert found > 30


@pytest.mark.parametrize("kind", PHOTOS)
def test_grey_of_dark_or_light_ink_is_the_luminance(mnist: Dataset, kind: str) -> None:
    photo = photo_of(kind, mnist.test.images[:3], np.random.default_rng(1))
    np.testing.assert_array_equal(to_grey(photo), luminance(photo))


@pytest.mark.parametrize("ink", [WHITE, (250, 250, 245)], ids=["blank", "nearly blank"])
def test_grey_of_blank_paper_is_the_luminance(ink: tuple[int, int, int]) -> None:
    colours, _ = drawing((250, 250, 245), ink, noise=6)
    assert is_faint(to_grey(colours))
    np.testing.assert_array_equal(to_grey(colours), luminance(colours))


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 1), np.uint8),
        np.zeros((4, 4, 3), np.float64),
        np.zeros((4, 4), bool),
        np.zeros((4, 4), np.int64),
        np.zeros((1, 1), np.float16),
        np.zeros((1, 300, 3), np.uint16),
        np.zeros((300, 1), ">u2"),
        np.zeros((8, 8, 3), np.uint8)[::-2, ::2],
    ],
)
def test_arrays_of_many_types_have_grey_levels(array: np.ndarray) -> None:
    grey = to_grey(array)
    assert grey.shape == array.shape[:2]
    assert grey.dtype == np.uint8
    assert (grey == 0).all()


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros(9), "of shape"),
        (np.zeros((2, 2, 5)), "of shape"),
        (np.zeros((0, 5)), "of shape"),
        (np.zeros((5, 5, 0)), "of shape"),
        (np.zeros((2, 2, 2, 2)), "of shape"),
        (np.broadcast_to(np.uint8(0), (20_000, 20_000)), "at most 100 million pixels"),
        (np.full((2, 2), np.nan), "NaN or infinity"),
        (np.full((2, 2), np.inf), "NaN or infinity"),
        (np.full((2, 2), 200.0), "floats from 200 to 200; give values from 0 to 1"),
        (np.zeros((2, 2), complex), "complex128"),
        (np.array([["a"]]), "is not a picture"),
    ],
)
def test_other_arrays_are_rejected(array: np.ndarray, reason: str) -> None:
    with pytest.raises(PictureError, match=reason):
        to_grey(array)


@pytest.mark.parametrize(
    ("dtype", "white"),
    [
        (np.uint8, 255),
        (np.int8, 127),
        (np.int16, 32767),
        (np.uint16, 65535),
        (np.uint16, 4095),
        (np.uint16, 1023),
        (np.int32, 255),
        (np.int32, 4095),
        (np.int64, 65535),
        (np.float16, 1),
        (np.float64, 1),
    ],
)
def test_white_level_depends_on_the_bits_of_the_largest_value(
    dtype: type[np.generic], white: int
) -> None:
    levels = np.array([[0, white, white / 2]]).astype(dtype)
    assert to_grey(levels)[0].tolist() == pytest.approx([0, 255, 127], abs=1)


@pytest.mark.parametrize("brightest", [2100, 3000, 4000, 30_000])
def test_picture_of_16_bits_is_neither_black_nor_overexposed(brightest: int) -> None:
    ramp = np.linspace(0, brightest, 256).round().astype(np.uint16).reshape(16, 16)
    grey = to_grey(ramp)
    assert 127 <= grey.max() <= 255
    assert len(np.unique(grey)) >= 128


def test_integers_outside_the_range_are_black_and_white() -> None:
    assert to_grey(np.array([[-5, 0, 100, 200_000]]))[0].tolist() == [0, 0, 0, 255]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0)])
def test_transparent_parts_become_paper_of_the_opposite_lightness(
    ink: int, paper: int, channels: int
) -> None:
    array = np.zeros((10, 10, channels + 1), np.uint8)
    array[3:7, 3:7, :-1] = ink
    array[3:7, 3:7, -1] = 255
    array[5, 5, -1] = 128
    grey = to_grey(array)
    assert grey[0, 0] == paper
    assert grey[4, 4] == ink
    assert int(grey[5, 5]) == pytest.approx(127, abs=1)


def test_opaque_alpha_changes_nothing() -> None:
    colours, _ = drawing(WHITE, BLACK)
    opaque = np.dstack([colours, np.full(colours.shape[:2], 255, np.uint8)])
    np.testing.assert_array_equal(to_grey(opaque), to_grey(colours))


def test_fully_transparent_picture_is_white() -> None:
    assert (to_grey(np.zeros((4, 4, 4), np.uint8)) == 255).all()
