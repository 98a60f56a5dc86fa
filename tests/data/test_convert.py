import numpy as np
import pytest
from error_sentences import raises_data_error
from numpy.typing import ArrayLike, NDArray

from tendigits.data import Dataset
from tendigits.data.convert import labelled_images

LABELS = [5, 0, 4]


@pytest.fixture(scope="module")
def images(mnist: Dataset) -> NDArray[np.uint8]:
    return mnist.train.images[:3]


@pytest.mark.parametrize("shape", [(-1, 784), (-1, 28, 28), (-1, 28, 28, 1), (-1, 1, 28, 28)])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
def test_images_of_any_usual_shape_and_type_are_the_same(
    images: NDArray[np.uint8], shape: tuple[int, ...], dtype: type[np.generic]
) -> None:
    found, notes = labelled_images(images.reshape(shape).astype(dtype), LABELS, "mine")
    assert np.array_equal(found.images, images)
    assert (found.images.dtype, found.labels.dtype) == (np.dtype(np.uint8), np.dtype(np.int64))
    assert notes == ()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_from_0_to_1_are_the_same_grey_levels_and_a_note_says_so(
    images: NDArray[np.uint8], dtype: type[np.floating]
) -> None:
    found, notes = labelled_images((images / 255).astype(dtype), LABELS, "mine")
    assert np.array_equal(found.images, images)
    assert notes == ("mine: grey levels from 0 to 1 were multiplied by 255.",)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int32])
def test_black_and_white_images_are_paper_and_full_ink(
    images: NDArray[np.uint8], dtype: type[np.generic]
) -> None:
    found, _ = labelled_images((images > 127).astype(dtype), LABELS, "mine")
    assert np.array_equal(found.images, (images > 127) * np.uint8(255))


def test_dark_digits_on_light_paper_are_inverted_and_a_note_says_so(
    images: NDArray[np.uint8],
) -> None:
    found, notes = labelled_images(255 - images, LABELS, "mine")
    assert np.array_equal(found.images, images)
    assert notes == ("mine: dark digits on light paper were inverted.",)


@pytest.mark.parametrize(
    "labels",
    [
        np.array(LABELS, np.float64),
        np.array(LABELS, np.uint8),
        ["5", "0", "4"],
        np.array(["5", "0", "4"], object),
    ],
    ids=["floats", "uint8", "strings", "objects"],
)
def test_labels_of_any_usual_type_are_digits(images: NDArray[np.uint8], labels: ArrayLike) -> None:
    assert labelled_images(images, labels, "mine")[0].labels.tolist() == LABELS


@pytest.mark.parametrize(
    ("levels", "problem"),
    [
        (np.full((3, 28, 28), 256), "grey levels from 256 to 256"),
        (np.full((3, 28, 28), 3.5), "grey levels from 3.5 to 3.5"),
        (np.linspace(-0.42, 2.8, 3 * 784).reshape(3, 784), "before they are normalised"),
        (np.full((3, 28, 28), np.nan), "grey levels from nan"),
        (np.zeros((3, 32, 32), np.uint8), "shape (3, 32, 32)"),
        (np.zeros((3, 28, 28, 3), np.uint8), "shape (3, 28, 28, 3)"),
        (np.full((3, 28, 28), "x"), "give uint8"),
    ],
)
def test_other_images_are_rejected(levels: NDArray[np.generic], problem: str) -> None:
    with raises_data_error("mine", problem):
        labelled_images(levels, LABELS, "mine")


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        ([5, 0], "3 images and 2 labels"),
        ([5, 0, 10], "the label 10"),
        ([5, 0, 0.5], "float64 of shape (3,)"),
        (["5", "0", "x"], "The labels of mine"),
        (["5", "0", "9" * 30], "The labels of mine"),
        (np.eye(3), "of shape (3, 3)"),
    ],
    ids=["too few", "10", "a half", "a letter", "too long", "one-hot"],
)
def test_other_labels_are_rejected(
    images: NDArray[np.uint8], labels: ArrayLike, problem: str
) -> None:
    with raises_data_error("mine", problem):
        labelled_images(images, labels, "mine")
