import numpy as np
import pytest
from numpy.typing import NDArray

from tendigits.data import Dataset
from tendigits.evaluation.corruptions.geometry import rotate, scale, shear, translate


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def bars() -> NDArray[np.float32]:
    """A hundred upright strokes."""
    images = np.zeros((100, 28, 28), np.float32)
    images[:, 4:24, 13:15] = 1
    return images


def test_moved_digits_keep_their_ink_and_go_all_four_ways(
    mnist: Dataset, random: np.random.Generator
) -> None:
    images = mnist.test.images[:100].astype(np.float32)
    moved = translate(images, 2, random)
    assert moved.sum() == pytest.approx(images.sum(), rel=0.01)
    ways = {
        tuple(np.round(_centre(m) - _centre(i)).astype(int))
        for m, i in zip(moved, images, strict=True)
    }
    assert ways == {(2, 2), (2, -2), (-2, 2), (-2, -2)}


def test_shrunk_digits_have_ink_by_the_square_of_their_size(
    mnist: Dataset, random: np.random.Generator
) -> None:
    images = mnist.test.images[:100].astype(np.float32)
    assert scale(images, 2, random).sum() == pytest.approx(0.75**2 * images.sum(), rel=0.02)


@pytest.mark.parametrize("strength", [1, 5])
def test_a_slanted_stroke_keeps_its_middle_and_its_rows(
    bars: NDArray[np.float32],
    random: np.random.Generator,
    strength: int,
) -> None:
    slanted = shear(bars, strength, random)
    np.testing.assert_allclose(slanted.sum(axis=(0, 2)), bars.sum(axis=(0, 2)), rtol=1e-3)
    assert {bool(np.sign(_centre(each[:14])[1] - 13.5) > 0) for each in slanted} == {True, False}


def test_a_turned_stroke_lies_as_steep_as_it_should(
    bars: NDArray[np.float32], random: np.random.Generator
) -> None:
    for turned in rotate(bars, 3, random):
        rows, columns = np.nonzero(turned > 0.5)
        slope = np.polyfit(rows, columns, 1)[0]
        assert abs(slope) == pytest.approx(np.tan(np.deg2rad(30)), abs=0.06)


def _centre(
    image: NDArray[np.float32],
) -> NDArray[np.float64]:
    weights = image / image.sum()
    return np.array([(weights * index).sum() for index in np.indices(image.shape)])
