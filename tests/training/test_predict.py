import numpy as np
import pytest
from numpy.typing import NDArray

from tendigits import evaluate, predict, train
from tendigits.data import Dataset
from tendigits.errors import DataError
from tendigits.training import Run

UNFIT: dict[str, NDArray[np.generic]] = {
    "too narrow": np.zeros((28, 27), np.uint8),
    "too wide": np.zeros((2, 28, 29), np.uint8),
    "flat": np.zeros((3, 784), np.uint8),
    "a line": np.zeros(784, np.uint8),
    "a number": np.zeros((), np.uint8),
    "with a channel": np.zeros((2, 28, 28, 1), np.uint8),
    "shares": np.zeros((2, 28, 28), np.float32),
    "yes and no": np.zeros((28, 28), np.bool_),
    "signed": np.zeros((28, 28), np.int8),
    "wide integers": np.zeros((28, 28), np.int64),
}


@pytest.fixture(scope="module")
def run(small_mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "run"
    return train("mlp", {"epochs": 2}, data=small_mnist, out=folder, threads=1, quiet=True)


def test_one_image_and_a_stack_of_one_are_answered_alike(run: Run, small_mnist: Dataset) -> None:
    image = small_mnist.test.images[0]
    alone, stacked = predict(run, image), predict(run, image[np.newaxis])
    assert alone.digits.shape == (1,)
    assert alone.digits == stacked.digits
    assert np.array_equal(alone.probabilities, stacked.probabilities)


def test_answers_have_the_promised_shapes_and_types(run: Run, small_mnist: Dataset) -> None:
    answer = predict(run.folder, small_mnist.test.images[:7])
    assert (answer.digits.shape, answer.probabilities.shape) == ((7,), (7, 10))
    assert (str(answer.digits.dtype), str(answer.probabilities.dtype)) == ("int64", "float32")


def test_probabilities_sum_to_1_and_the_digit_is_the_likeliest(
    run: Run, small_mnist: Dataset
) -> None:
    answer = predict(run, small_mnist.test.images)
    assert answer.probabilities.min() >= 0
    np.testing.assert_allclose(answer.probabilities.sum(axis=1), 1, atol=1e-5)
    assert np.array_equal(answer.digits, answer.probabilities.argmax(axis=1))


def test_answers_agree_with_the_test(run: Run, small_mnist: Dataset) -> None:
    answer, metrics = predict(run, small_mnist.test.images), evaluate(run)
    labels = small_mnist.test.labels
    assert (answer.digits == labels).mean() == metrics.accuracy
    of_truth = answer.probabilities[np.arange(len(labels)), labels].astype(np.float64)
    assert -np.log(of_truth).mean() == pytest.approx(metrics.loss, rel=1e-5)


def test_an_image_is_read_the_same_whatever_stands_beside_it(run: Run, mnist: Dataset) -> None:
    images = mnist.test.images[:2500]  # more than one batch
    together = predict(run, images).probabilities
    apart = predict(run, images[::-1]).probabilities[::-1]
    np.testing.assert_allclose(together, apart, atol=1e-5)


def test_no_image_has_no_answer(run: Run) -> None:
    answer = predict(run, np.zeros((0, 28, 28), np.uint8))
    assert answer.digits.shape == (0,)
    assert answer.probabilities.shape == (0, 10)


def test_images_that_cannot_be_written_to_are_read(run: Run, small_mnist: Dataset) -> None:
    images = small_mnist.test.images[:3].copy()  # np.asarray(Image.open(...)) is such an array
    images.setflags(write=False)
    assert np.array_equal(predict(run, images).digits, predict(run, images.copy()).digits)


def test_the_images_that_are_given_stay_as_they_are(run: Run, small_mnist: Dataset) -> None:
    images = small_mnist.test.images[:3].copy()
    predict(run, images)
    assert np.array_equal(images, small_mnist.test.images[:3])


@pytest.mark.parametrize("images", UNFIT.values(), ids=UNFIT)
def test_images_of_another_form_are_rejected_in_one_line(
    run: Run, images: NDArray[np.uint8]
) -> None:
    with pytest.raises(DataError, match=r"uint8.*28, 28") as rejection:
        predict(run, images)
    assert "\n" not in str(rejection.value)
