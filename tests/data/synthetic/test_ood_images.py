import numpy as np
import pytest

from tendigits.data import Dataset, LabelledImages
from tendigits.data.synthetic import OOD_KINDS, draw_ood_images, frame_ink
from tendigits.errors import DataError


@pytest.mark.parametrize("kind", OOD_KINDS)
def test_every_kind_gives_different_frames_with_dark_ink(kind: str, small_mnist: Dataset) -> None:
    draw, _ = OOD_KINDS[kind]
    random = np.random.default_rng(0)
    frames = [frame_ink(draw(random, small_mnist.train)) for _ in range(20)]
    assert all(frame.shape == (28, 28) and frame.dtype == np.uint8 for frame in frames)
    assert all(frame.max() > 100 for frame in frames)
    assert len({frame.tobytes() for frame in frames}) == 20


def test_the_same_seed_draws_the_same_frames(small_mnist: Dataset) -> None:
    first, again, other = (draw_ood_images(30, small_mnist.train, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("count", [0, 7])
def test_count_is_the_number_of_frames(count: int, small_mnist: Dataset) -> None:
    assert draw_ood_images(count, small_mnist.train, 0).shape == (count, 28, 28)


def test_the_ink_of_frames_fits_into_20_by_20_pixels_as_in_mnist(small_mnist: Dataset) -> None:
    for frame in draw_ood_images(200, small_mnist.train, 0):
        rows, columns = (np.flatnonzero((frame > 60).any(axis=axis)) for axis in (1, 0))
        assert np.ptp(rows) < 20
        assert np.ptp(columns) < 20


def test_ink_is_framed_without_the_paper_around_it(small_mnist: Dataset) -> None:
    ink = small_mnist.train.images[0].astype(np.float32) / 255
    assert np.array_equal(frame_ink(np.pad(ink, (40, 7))), frame_ink(ink))


def test_blank_paper_gives_a_blank_frame() -> None:
    frame = frame_ink(np.zeros((50, 80), np.float32))
    assert frame.shape == (28, 28)
    assert not frame.any()


def test_blank_images_are_not_cut_or_paired(small_mnist: Dataset) -> None:
    digits = small_mnist.train
    blank = LabelledImages(np.zeros_like(digits.images), digits.labels)
    with pytest.raises(DataError, match="the training images have none"):
        draw_ood_images(1, blank, seed=0)
    mixed = LabelledImages(np.concatenate([blank.images, digits.images]), np.tile(digits.labels, 2))
    assert draw_ood_images(200, mixed, seed=0).any(axis=(1, 2)).mean() > 0.9


def test_images_without_the_digits_to_cut_are_rejected(small_mnist: Dataset) -> None:
    zeros_and_ones = small_mnist.train.subset(small_mnist.train.labels < 2)
    with pytest.raises(DataError, match=r"digits 2 to 5, .* without ood"):
        draw_ood_images(1, zeros_and_ones, 0)
