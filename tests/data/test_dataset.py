import hashlib
from pathlib import Path

import numpy as np
import pytest
from error_sentences import raises_data_error
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tendigits.data import NON_DIGIT, Dataset, LabelledImages, stratified_split
from tendigits.data.dataset import checked_images, split_by_content

IMAGES = np.zeros((3, 28, 28), np.uint8)
LABELS = np.array([7, 0, 7])
SPLIT_LABELS = st.builds(
    lambda counts, seed: np.random.default_rng(seed).permutation(np.repeat(np.arange(10), counts)),
    st.lists(st.integers(0, 60), min_size=10, max_size=10),
    st.integers(0, 9),
)
FRACTIONS = st.floats(0.001, 0.999)
SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("shape", [(3, 28, 28), (3, 28, 28, 1)], ids=["grey", "one channel"])
@pytest.mark.parametrize("label_type", [np.uint8, np.int32, np.int64, np.uint64])
def test_images_and_labels_are_converted_to_one_shape_and_type(
    shape: tuple[int, ...], label_type: type[np.integer]
) -> None:
    labelled = checked_images(IMAGES.reshape(shape), LABELS.astype(label_type), "digits.npz")
    assert labelled.images.shape == (3, 28, 28)
    assert labelled.images.dtype == np.uint8
    assert labelled.labels.tolist() == [7, 0, 7]
    assert labelled.labels.dtype == np.int64


def test_checked_images_are_contiguous_in_memory() -> None:
    every_other = np.zeros((6, 28, 28), np.uint8)[::2]
    assert checked_images(every_other, LABELS, "digits.npz").images.flags.c_contiguous


@pytest.mark.parametrize(
    ("images", "what"),
    [
        (np.zeros((3, 28, 27), np.uint8), "uint8 of shape (3, 28, 27)"),
        (np.zeros((3, 28, 28, 3), np.uint8), "uint8 of shape (3, 28, 28, 3)"),
        (np.zeros((3, 784), np.uint8), "uint8 of shape (3, 784)"),
        (np.zeros((28, 28), np.uint8), "uint8 of shape (28, 28)"),
        (np.uint8(5), "uint8 of shape ()"),
        (np.zeros((3, 28, 28), np.float32), "float32 of shape (3, 28, 28)"),
    ],
    ids=["narrow", "colour", "flat", "a single image", "a number", "floats"],
)
def test_images_of_another_shape_or_type_are_rejected(
    images: NDArray[np.generic], what: str
) -> None:
    with raises_data_error("The images of digits.npz are", what, "give uint8 of shape (n, 28, 28)"):
        checked_images(images, LABELS, "digits.npz")


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        (np.zeros((3, 10), np.uint8), "uint8 of shape (3, 10)"),
        (np.zeros(3), "float64 of shape (3,)"),
        (np.array([True, False, True]), "bool of shape (3,)"),
        (np.int64(3), "int64 of shape ()"),
    ],
    ids=["one-hot", "floats", "booleans", "a number"],
)
def test_labels_of_another_shape_or_type_are_rejected(
    labels: NDArray[np.generic], what: str
) -> None:
    with raises_data_error("The labels of digits.npz are", what, "give integers of shape (n,)"):
        checked_images(IMAGES, labels, "digits.npz")


@pytest.mark.parametrize("label", [10, -1, 255])
def test_a_label_out_of_range_is_rejected(label: int) -> None:
    with raises_data_error(f"digits.npz has the label {label};", "labels from 0 to 9"):
        checked_images(IMAGES, np.array([0, label, 9]), "digits.npz")


def test_more_images_than_labels_are_rejected() -> None:
    with raises_data_error("digits.npz has 3 images and 2 labels"):
        checked_images(IMAGES, LABELS[:2], "digits.npz")


def test_an_empty_part_is_rejected() -> None:
    with raises_data_error("digits.npz has no images"):
        checked_images(IMAGES[:0], LABELS[:0], "digits.npz")


def test_class_counts_include_classes_without_images() -> None:
    labelled = LabelledImages(IMAGES, LABELS)
    assert len(labelled) == 3
    assert labelled.class_counts == (1, 0, 0, 0, 0, 0, 0, 2, 0, 0)


def test_class_counts_leave_out_non_digits() -> None:
    labelled = LabelledImages(IMAGES, np.array([9, NON_DIGIT, NON_DIGIT]))
    assert len(labelled) == 3
    assert labelled.class_counts == (0, 0, 0, 0, 0, 0, 0, 0, 0, 1)


@pytest.mark.parametrize(
    "chosen",
    [np.array([False, True, False, True]), np.array([1, 3])],
    ids=["mask", "indices"],
)
def test_subset_keeps_the_images_of_a_mask_or_of_indices(
    chosen: NDArray[np.bool_] | NDArray[np.int64], small_mnist: Dataset
) -> None:
    four = LabelledImages(small_mnist.train.images[:4], small_mnist.train.labels[:4])
    subset = four.subset(chosen)
    assert np.array_equal(subset.images, np.stack([four.images[1], four.images[3]]))
    assert subset.labels.tolist() == [four.labels[1], four.labels[3]]


def test_subset_takes_indices_in_the_given_order(small_mnist: Dataset) -> None:
    subset = small_mnist.train.subset(np.array([2, 0]))
    assert subset.labels.tolist() == [small_mnist.train.labels[2], small_mnist.train.labels[0]]


def test_subset_of_an_empty_mask_is_empty(small_mnist: Dataset) -> None:
    none = small_mnist.test.subset(np.zeros(500, bool))
    assert len(none) == 0
    assert none.images.shape == (0, 28, 28)


def test_checksums_are_those_of_the_files_of_a_folder(
    small_mnist_folder: Path, small_mnist: Dataset
) -> None:
    assert small_mnist.checksums == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in small_mnist_folder.iterdir()
    }


def test_the_sides_of_a_split_are_disjoint_and_complete(mnist: Dataset) -> None:
    split = stratified_split(mnist.train.labels, 0.1, seed=0)
    together = np.concatenate([split.train, split.validation])
    assert (len(split.train), len(split.validation)) == (54_000, 6_000)
    assert np.array_equal(np.sort(together), np.arange(60_000))


def test_a_tenth_of_mnist_has_a_tenth_of_each_digit(mnist: Dataset) -> None:
    split = stratified_split(mnist.train.labels, 0.1, seed=0)
    counts = mnist.train.subset(split.validation).class_counts
    assert np.abs(np.array(counts) - np.array(mnist.train.class_counts) / 10).max() < 1


@given(labels=SPLIT_LABELS, fraction=FRACTIONS, seed=SEEDS)
@settings(deadline=None)
def test_any_split_is_disjoint_complete_and_stratified_to_within_one_image(
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


@given(labels=SPLIT_LABELS, fraction=FRACTIONS, seed=SEEDS)
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


def test_both_sides_of_a_split_are_in_ascending_order(small_mnist: Dataset) -> None:
    split = stratified_split(small_mnist.train.labels, 0.3, seed=5)
    assert np.all(np.diff(split.train) > 0)
    assert np.all(np.diff(split.validation) > 0)


def test_a_fraction_of_0_holds_out_no_images(small_mnist: Dataset) -> None:
    split = stratified_split(small_mnist.train.labels, 0, seed=0)
    assert (len(split.train), len(split.validation)) == (2000, 0)


@pytest.mark.parametrize(
    ("images", "fraction"), [(0, 0.1), (1, 0.5), (4, 0.1), (4, 0.9), (10, 1.0), (10, 2.0)]
)
def test_a_split_with_an_empty_side_is_rejected(images: int, fraction: float) -> None:
    with raises_data_error(f"{images} training images", f"validation_fraction = {fraction};"):
        stratified_split(np.arange(images) % 10, fraction, seed=0)


def test_one_image_in_five_is_held_out_by_its_content(mnist: Dataset) -> None:
    images = mnist.train.images[:3000]
    trained_on, held_out = split_by_content(images)
    assert np.array_equal(trained_on, ~held_out)
    assert 0.17 < held_out.mean() < 0.23
    order = np.random.default_rng(0).permutation(4000)
    moved = split_by_content(mnist.train.images[:4000][order])[1]
    assert np.array_equal(moved[np.argsort(order)][:3000], held_out)


def test_copies_of_an_image_are_in_the_same_part(mnist: Dataset) -> None:
    _, held_out = split_by_content(np.repeat(mnist.train.images[:100], 2, axis=0))
    assert np.array_equal(held_out[::2], held_out[1::2])


def test_of_few_different_images_some_are_in_each_part(mnist: Dataset) -> None:
    for start in range(0, 60, 3):
        trained_on, held_out = split_by_content(mnist.train.images[start : start + 3])
        assert trained_on.any()
        assert held_out.any()
    for images in (mnist.train.images[:1], np.repeat(mnist.train.images[:1], 5, axis=0)):
        assert split_by_content(images)[0].sum() in (0, len(images))
