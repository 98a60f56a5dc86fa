import numpy as np

from tendigits.data import Dataset
from tendigits.data.synthetic.european import draw_synthetic_digits


def test_the_seed_fixes_the_frames_and_all_differ(small_mnist: Dataset) -> None:
    first, again, other = (draw_synthetic_digits(31, small_mnist.train, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.images, again.images)
    assert not np.array_equal(first.images, other.images)
    assert len({frame.tobytes() for frame in first.images}) == 31
    assert first.labels.tolist() == [1] * 16 + [7] * 15


def test_none_can_be_wanted(small_mnist: Dataset) -> None:
    assert draw_synthetic_digits(0, small_mnist.train, 0).images.shape == (0, 28, 28)


def test_a_ones_flag_falls_to_the_left_from_the_top_of_the_stem(small_mnist: Dataset) -> None:
    for frame in draw_synthetic_digits(200, small_mnist.train, 0).images[:100]:
        inked = [np.flatnonzero(row > 60) for row in frame if (row > 60).any()]
        leftmost = np.array([row[0] for row in inked[: len(inked) * 2 // 3]])
        assert leftmost.argmin() > 1  # a seven's bar begins in the topmost rows
        assert inked[0].mean() > leftmost.min()


def test_a_sevens_bar_lies_on_its_stem_and_takes_no_ink_away(small_mnist: Dataset) -> None:
    sevens = small_mnist.train.images[small_mnist.train.labels == 7]
    for frame in draw_synthetic_digits(60, small_mnist.train, 0).images[30:]:
        assert any((frame >= seven).all() and (frame > seven).any() for seven in sevens)
