import numpy as np
import pytest
from scipy import ndimage

from paper import drawn
from tendigits.data import Dataset
from tendigits.images import make_frame
from tendigits.images.frame import stroke_width


def trimmed(ink: np.ndarray) -> np.ndarray:
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def test_mnists_own_digits_come_out_as_they_went_in(mnist: Dataset) -> None:
    differences = []
    for image in mnist.test.images[:300]:
        frame = make_frame(trimmed(image.astype(np.float32) / 255))
        differences.append(np.abs(frame.astype(int) - image).mean())
    # Most are the same to the bit; some of MNIST's lie half a pixel from their centre of mass.
    assert np.median(differences) < 4
    assert np.mean(np.array(differences) < 25) > 0.97


@pytest.mark.parametrize("scale", [1, 3, 10, 40])
def test_the_size_of_the_picture_does_not_matter(mnist: Dataset, scale: int) -> None:
    for image in mnist.test.images[:10]:
        frame = make_frame(trimmed(drawn(image, scale)))
        assert np.corrcoef(frame.ravel(), image.ravel())[0, 1] > 0.75


def test_the_centre_of_mass_comes_to_the_middle(mnist: Dataset) -> None:
    for image in mnist.test.images[:50]:
        frame = make_frame(trimmed(drawn(image, 5)))
        centre = np.array(ndimage.center_of_mass(frame))
        assert np.abs(centre - 14).max() <= 0.6


@pytest.mark.parametrize("width", [1, 2, 5, 20, 40])
def test_a_thin_line_is_as_wide_in_the_frame_as_mnists_thinnest(width: int) -> None:
    ink = np.zeros((400, 300), np.float32)
    ink[:, :width] = ink[:width] = 1
    drawn_width = stroke_width(make_frame(ink).astype(np.float32) / np.float32(255))
    assert drawn_width >= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 3)])
def test_shapes_of_any_form_are_framed(shape: tuple[int, int]) -> None:
    frame = make_frame(np.ones(shape, np.float32))
    assert frame.shape == (28, 28)
    assert frame.max() > 0


def test_no_ink_gives_an_empty_frame() -> None:
    assert not make_frame(np.zeros((10, 10), np.float32)).any()
