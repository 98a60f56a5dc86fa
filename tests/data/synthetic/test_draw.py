import numpy as np
import pytest

from tendigits.data import Dataset
from tendigits.data.synthetic import KINDS, draw_ood_images
from tendigits.data.synthetic.draw import framed


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_frames_with_ink_in_them(kind: str, small_mnist: Dataset) -> None:
    draw, _ = KINDS[kind]
    random = np.random.default_rng(0)
    frames = [framed(draw(random, small_mnist.train)) for _ in range(20)]
    assert all(frame.shape == (28, 28) and frame.dtype == np.uint8 for frame in frames)
    assert all(frame.max() > 100 for frame in frames)
    assert len({frame.tobytes() for frame in frames}) == 20


def test_the_seed_fixes_the_frames(small_mnist: Dataset) -> None:
    first, again, other = (draw_ood_images(30, small_mnist.train, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_as_many_come_as_are_wanted(small_mnist: Dataset) -> None:
    assert draw_ood_images(0, small_mnist.train, 0).shape == (0, 28, 28)
    assert draw_ood_images(7, small_mnist.train, 0).shape == (7, 28, 28)


def test_frames_lie_as_mnists_do_within_twenty_pixels_about_their_middle(
    small_mnist: Dataset,
) -> None:
    for frame in draw_ood_images(200, small_mnist.train, 0):
        rows, columns = (np.flatnonzero((frame > 60).any(axis=axis)) for axis in (1, 0))
        assert np.ptp(rows) < 20
        assert np.ptp(columns) < 20
