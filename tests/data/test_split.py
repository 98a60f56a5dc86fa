import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rejections import rejected

from tendigits.data import Dataset, stratified_split

LABELS = st.builds(
    lambda counts, seed: np.random.default_rng(seed).permutation(np.repeat(np.arange(10), counts)),
    st.lists(st.integers(0, 60), min_size=10, max_size=10),
    st.integers(0, 9),
)
FRACTIONS = st.floats(0.001, 0.999)
SEEDS = st.integers(0, 2**32 - 1)


def test_every_image_is_on_one_side_alone(mnist: Dataset) -> None:
    split = stratified_split(mnist.train.labels, 0.1, seed=0)
    together = np.concatenate([split.train, split.validation])
    assert (len(split.train), len(split.validation)) == (54_000, 6_000)
    assert np.array_equal(np.sort(together), np.arange(60_000))


def test_a_tenth_of_mnist_is_a_tenth_of_each_digit(mnist: Dataset) -> None:
    held_out = mnist.train.labels[stratified_split(mnist.train.labels, 0.1, seed=0).validation]
    counts = np.bincount(held_out)
    assert np.abs(counts - np.array(mnist.train.class_counts) / 10).max() < 1


@given(labels=LABELS, fraction=FRACTIONS, seed=SEEDS)
@settings(deadline=None)
def test_any_split_is_whole_disjoint_and_within_an_image_of_each_classs_part(
    labels: NDArray[np.int64], fraction: float, seed: int
) -> None:
    total = round(len(labels) * fraction)
    assume(0 < total < len(labels))
    split = stratified_split(labels, fraction, seed)
    together = np.concatenate([split.train, split.validation])
    assert np.array_equal(np.sort(together), np.arange(len(labels)))
    assert len(split.validation) == total
    expected = np.bincount(labels, minlength=10) * total / len(labels)
    found = np.bincount(labels[split.validation], minlength=10)
    assert np.abs(found - expected).max() < 1


@given(labels=LABELS, fraction=FRACTIONS, seed=SEEDS)
@settings(deadline=None)
def test_the_same_seed_gives_the_same_split(
    labels: NDArray[np.int64], fraction: float, seed: int
) -> None:
    assume(0 < round(len(labels) * fraction) < len(labels))
    one, other = (stratified_split(labels, fraction, seed) for _ in range(2))
    assert np.array_equal(one.validation, other.validation)
    assert np.array_equal(one.train, other.train)


def test_another_seed_gives_another_split_of_the_same_size(small_mnist: Dataset) -> None:
    one, other = (stratified_split(small_mnist.train.labels, 0.1, seed) for seed in (0, 1))
    assert len(one.validation) == len(other.validation)
    assert not np.array_equal(one.validation, other.validation)


def test_both_sides_are_in_ascending_order(small_mnist: Dataset) -> None:
    split = stratified_split(small_mnist.train.labels, 0.3, seed=5)
    assert np.all(np.diff(split.train) > 0)
    assert np.all(np.diff(split.validation) > 0)


def test_no_fraction_holds_nothing_out(small_mnist: Dataset) -> None:
    split = stratified_split(small_mnist.train.labels, 0, seed=0)
    assert (len(split.train), len(split.validation)) == (2000, 0)


@pytest.mark.parametrize(
    ("images", "fraction"), [(0, 0.1), (1, 0.5), (4, 0.1), (4, 0.9), (10, 1.0), (10, 2.0)]
)
def test_a_split_that_leaves_nothing_on_one_side_is_rejected(images: int, fraction: float) -> None:
    with rejected(f"{images} training images", f"validation_fraction = {fraction};"):
        stratified_split(np.arange(images) % 10, fraction, seed=0)
