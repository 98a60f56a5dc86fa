from itertools import product

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from paper import drawn
from tendigits.data import Dataset
from tendigits.images import make_frame
from tendigits.images.frame import stroke_width


def cropped(ink: np.ndarray) -> np.ndarray:
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def test_frames_of_mnist_digits_are_mnist_digits(mnist: Dataset) -> None:
    differences = []
    for image in mnist.test.images[:300]:
        frame = make_frame(cropped(image.astype(np.float32) / 255))
        differences.append(np.abs(frame.astype(int) - image).mean())
    # Most are identical; some MNIST digits are half a pixel away from their centre of mass.
    assert np.median(differences) < 4
    assert np.mean(np.array(differences) < 25) > 0.97


def frame_by_pillow_and_scipy(ink: np.ndarray) -> np.ndarray:
    """Return the frame as Pillow and scipy make it, of ink whose strokes are wide enough."""
    scale = 20 / max(ink.shape)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    averaging = Image.Resampling.BOX if scale < 0.5 else Image.Resampling.BILINEAR
    method = averaging if scale <= 1.2 else Image.Resampling.LANCZOS
    small = Image.fromarray(ink).resize((width, height), method)
    frame = np.zeros((28, 28), np.float32)
    frame[:height, :width] = np.asarray(small).clip(0, 1)
    shift = np.round(14 - np.array(ndimage.center_of_mass(frame))).astype(int)
    shift = shift.clip(0, [28 - height, 28 - width])
    return np.roll(frame * 255, tuple(shift), axis=(0, 1)).round()


def test_frames_of_pasted_digits_are_those_of_pillow_and_scipy(mnist: Dataset) -> None:
    differences = []
    for image, scale in product(mnist.test.images[:100], [0.5, 0.8, 1, 2, 3, 5, 10]):
        side = round(28 * scale)
        pasted = np.asarray(Image.fromarray(image).resize((side, side)), np.float32) / 255
        ink = cropped(np.where(pasted > 0.05, pasted, 0))
        if stroke_width(ink) * 20 / max(ink.shape) > 1.5:  # no stroke is widened
            differences.append(np.abs(make_frame(ink) - frame_by_pillow_and_scipy(ink)).mean())
    assert len(differences) > 400
    assert np.mean(differences) < 2
    assert np.median(differences) < 1


@pytest.mark.parametrize("scale", [1, 3, 10, 40])
def test_frame_does_not_depend_on_the_size_of_the_picture(mnist: Dataset, scale: int) -> None:
    for image in mnist.test.images[:10]:
        frame = make_frame(cropped(drawn(image, scale)))
        assert np.corrcoef(frame.ravel(), image.ravel())[0, 1] > 0.75


def test_centre_of_mass_is_in_the_middle(mnist: Dataset) -> None:
    for image in mnist.test.images[:50]:
        frame = make_frame(cropped(drawn(image, 5)))
        centre = np.array(ndimage.center_of_mass(frame))
        assert np.abs(centre - 14).max() <= 0.6


@pytest.mark.parametrize("width", [1, 2, 5, 20, 40])
def test_thin_lines_are_at_least_1_pixel_wide_in_the_frame(width: int) -> None:
    ink = np.zeros((400, 300), np.float32)
    ink[:, :width] = ink[:width] = 1
    drawn_width = stroke_width(make_frame(ink).astype(np.float32) / np.float32(255))
    assert drawn_width >= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 3)])
def test_shapes_of_any_size_have_a_frame(shape: tuple[int, int]) -> None:
    frame = make_frame(np.ones(shape, np.float32))
    assert frame.shape == (28, 28)
    assert frame.max() > 0


def test_frame_without_ink_is_empty() -> None:
    assert not make_frame(np.zeros((10, 10), np.float32)).any()
