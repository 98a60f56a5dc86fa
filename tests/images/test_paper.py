import numpy as np
import pytest

from tendigits.images.paper import (
    against_near_paper,
    border_colour,
    closed,
    odd,
    share_of_border,
    shrunk,
)


def test_the_border_shows_the_papers_colour() -> None:
    pixels = np.full((100, 80, 3), (0.9, 0.8, 0.7), np.float32)
    pixels[20:80, 20:60] = 0
    np.testing.assert_allclose(border_colour(pixels), (0.9, 0.8, 0.7))


def test_in_a_picture_cut_close_the_corners_tell() -> None:
    pixels = np.zeros((8, 8, 3), np.float32)  # a ring that fills its picture
    pixels[[0, 0, -1, -1], [0, -1, 0, -1]] = 1
    pixels[3:5, 3:5] = 1
    np.testing.assert_array_equal(border_colour(pixels), 1)


def test_closing_takes_off_what_is_dark_and_narrow() -> None:
    light = np.ones((40, 40, 3), np.float32)
    light[:, 10:13] = 0.2  # a stroke
    light[:, 25:] = 0.5  # a shadow
    without = closed(light, 7)
    np.testing.assert_array_equal(without[:, :22], 1)
    np.testing.assert_array_equal(without[:, 25:], 0.5)


def test_ink_in_a_shadow_is_as_dark_as_elsewhere() -> None:
    light = np.full((200, 200, 3), 0.9, np.float32)
    light[:, 100:] *= 0.5
    light[50:150, 40:46] *= 0.3
    light[50:150, 160:166] *= 0.3
    contrast = against_near_paper(light, 0.14)
    assert contrast[100, 43] == pytest.approx(contrast[100, 163], abs=0.01)
    assert contrast[100, 43] > 0.6
    assert np.median(contrast) == 0


@pytest.mark.parametrize(("size", "expected"), [(0, 1), (1.9, 1), (2, 3), (5, 5), (6.5, 7)])
def test_windows_have_a_middle(size: float, expected: int) -> None:
    assert odd(size) == expected


def test_shrinking_takes_the_means_of_blocks() -> None:
    pixels = np.arange(7 * 5 * 3, dtype=np.float32).reshape(7, 5, 3)
    small = shrunk(pixels, 2)
    assert small.shape == (3, 2, 3)
    np.testing.assert_allclose(small[0, 0], pixels[:2, :2].mean(axis=(0, 1)))


def test_the_share_of_the_border_is_counted() -> None:
    mask = np.zeros((10, 10), bool)
    assert share_of_border(mask) == 0
    mask[0] = True
    assert share_of_border(mask) == pytest.approx(12 / 40)
