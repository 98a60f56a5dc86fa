import numpy as np
import pytest

from tendigits.images.paper import (
    border_colour,
    border_fraction,
    closing,
    downsampled,
    local_contrast,
    odd,
)


def test_border_has_the_colour_of_the_paper() -> None:
    pixels = np.full((100, 80, 3), (0.9, 0.8, 0.7), np.float32)
    pixels[20:80, 20:60] = 0
    np.testing.assert_allclose(border_colour(pixels), (0.9, 0.8, 0.7))


def test_corners_of_small_pictures_have_the_colour_of_the_paper() -> None:
    pixels = np.zeros((8, 8, 3), np.float32)  # a ring that touches all four sides
    pixels[[0, 0, -1, -1], [0, -1, 0, -1]] = 1
    pixels[3:5, 3:5] = 1
    np.testing.assert_array_equal(border_colour(pixels), 1)


def test_closing_removes_dark_strokes_but_not_shadows() -> None:
    light = np.ones((40, 40, 3), np.float32)
    light[:, 10:13] = 0.2  # a stroke
    light[:, 25:] = 0.5  # a shadow
    without = closing(light, 7)
    np.testing.assert_array_equal(without[:, :22], 1)
    np.testing.assert_array_equal(without[:, 25:], 0.5)


def test_local_contrast_of_ink_is_the_same_in_a_shadow() -> None:
    light = np.full((200, 200, 3), 0.9, np.float32)
    light[:, 100:] *= 0.5
    light[50:150, 40:46] *= 0.3
    light[50:150, 160:166] *= 0.3
    contrast = local_contrast(light, 0.14)
    assert contrast[100, 43] == pytest.approx(contrast[100, 163], abs=0.01)
    assert contrast[100, 43] > 0.6
    assert np.median(contrast) == 0


@pytest.mark.parametrize(("size", "expected"), [(0, 1), (1.9, 1), (2, 3), (5, 5), (6.5, 7)])
def test_window_sizes_are_odd(size: float, expected: int) -> None:
    assert odd(size) == expected


def test_downsampling_averages_blocks() -> None:
    pixels = np.arange(7 * 5 * 3, dtype=np.float32).reshape(7, 5, 3)
    small = downsampled(pixels, 2)
    assert small.shape == (3, 2, 3)
    np.testing.assert_allclose(small[0, 0], pixels[:2, :2].mean(axis=(0, 1)))


def test_border_fraction_counts_border_pixels() -> None:
    mask = np.zeros((10, 10), bool)
    assert border_fraction(mask) == 0
    mask[0] = True
    assert border_fraction(mask) == pytest.approx(12 / 40)
