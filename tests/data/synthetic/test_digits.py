import numpy as np
import pytest

from tendigits.data import Dataset
from tendigits.data.synthetic import draw_synthetic_digits
from tendigits.errors import DataError


def test_the_same_seed_draws_the_same_images(small_mnist: Dataset) -> None:
    first, again, other = (draw_synthetic_digits(31, small_mnist.train, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.images, again.images)
    assert not np.array_equal(first.images, other.images)


def test_half_are_ones_half_are_sevens_and_all_differ(small_mnist: Dataset) -> None:
    drawn = draw_synthetic_digits(31, small_mnist.train, 0)
    assert drawn.labels.tolist() == [1] * 16 + [7] * 15
    assert len({image.tobytes() for image in drawn.images}) == 31


def test_a_count_of_0_gives_no_images(small_mnist: Dataset) -> None:
    assert draw_synthetic_digits(0, small_mnist.train, 0).images.shape == (0, 28, 28)


def test_the_flag_of_a_one_falls_to_the_left_from_the_top_of_its_stem(
    small_mnist: Dataset,
) -> None:
    for image in draw_synthetic_digits(200, small_mnist.train, 0).images[:100]:
        inked = [np.flatnonzero(row > 60) for row in image if (row > 60).any()]
        leftmost = np.array([row[0] for row in inked[: len(inked) * 2 // 3]])
        assert leftmost.argmin() > 1  # the bar of a seven starts in the topmost rows
        assert inked[0].mean() > leftmost.min()


def test_the_bar_of_a_seven_only_adds_ink_to_it(small_mnist: Dataset) -> None:
    sevens = small_mnist.train.images[small_mnist.train.labels == 7]
    for image in draw_synthetic_digits(60, small_mnist.train, 0).images[30:]:
        assert any((image >= seven).all() and (image > seven).any() for seven in sevens)


def test_images_without_sevens_are_rejected(small_mnist: Dataset) -> None:
    others = small_mnist.train.subset(small_mnist.train.labels != 7)
    with pytest.raises(DataError, match=r"sevens, .* synthetic_digits = 0"):
        draw_synthetic_digits(2, others, 0)
