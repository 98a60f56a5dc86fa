import hashlib

import numpy as np
import pytest
from numpy.typing import NDArray
from rejections import rejected

from tendigits.data import NON_DIGIT, Dataset, LabelledImages
from tendigits.data.dataset import checked_images
from tendigits.data.idx import idx_bytes

IMAGES = np.zeros((3, 28, 28), np.uint8)
LABELS = np.array([7, 0, 7])


@pytest.mark.parametrize("shape", [(3, 28, 28), (3, 28, 28, 1)], ids=["grey", "one channel"])
@pytest.mark.parametrize("label_type", [np.uint8, np.int32, np.int64, np.uint64])
def test_images_and_labels_take_one_form(
    shape: tuple[int, ...], label_type: type[np.integer]
) -> None:
    examples = checked_images(IMAGES.reshape(shape), LABELS.astype(label_type), "mine")
    assert examples.images.shape == (3, 28, 28)
    assert examples.images.dtype == np.uint8
    assert examples.labels.tolist() == [7, 0, 7]
    assert examples.labels.dtype == np.int64


def test_images_lie_in_memory_one_after_the_other() -> None:
    every_other = np.zeros((6, 28, 28), np.uint8)[::2]
    assert checked_images(every_other, LABELS, "mine").images.flags.c_contiguous


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
def test_images_of_another_form_are_rejected(images: NDArray[np.generic], what: str) -> None:
    with rejected("The images of mine are", what, "give uint8 of shape (n, 28, 28)"):
        checked_images(images, LABELS, "mine")


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
def test_labels_of_another_form_are_rejected(labels: NDArray[np.generic], what: str) -> None:
    with rejected("The labels of mine are", what, "give integers of shape (n,)"):
        checked_images(IMAGES, labels, "mine")


@pytest.mark.parametrize("label", [10, -1, 255])
def test_a_label_that_is_no_digit_is_rejected(label: int) -> None:
    with rejected(f"mine has the label {label};", "from 0 to 9"):
        checked_images(IMAGES, np.array([0, label, 9]), "mine")


def test_more_images_than_labels_are_rejected() -> None:
    with rejected("mine has 3 images and 2 labels"):
        checked_images(IMAGES, LABELS[:2], "mine")


def test_no_image_at_all_is_rejected() -> None:
    with rejected("mine holds no image"):
        checked_images(IMAGES[:0], LABELS[:0], "mine")


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


def test_checksums_are_of_the_parts_as_idx_files(small_mnist: Dataset) -> None:
    parts = (
        small_mnist.train.images,
        small_mnist.train.labels.astype(np.uint8),
        small_mnist.test.images,
        small_mnist.test.labels.astype(np.uint8),
    )
    assert list(small_mnist.checksums.values()) == [
        hashlib.sha256(idx_bytes(part)).hexdigest() for part in parts
    ]
