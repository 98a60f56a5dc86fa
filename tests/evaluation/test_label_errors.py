import numpy as np
from numpy.typing import NDArray

from tendigits.classifiers import Predictions
from tendigits.data import Dataset
from tendigits.evaluation.label_errors import LABEL_ERRORS, correct_labels


def predict(digits: NDArray[np.int64], mnist: Dataset) -> Predictions:
    """Return predictions of the given digits for MNIST's test images."""
    return Predictions(np.eye(10, dtype=np.float32)[digits], mnist.test.labels)


def test_there_are_fifteen_label_errors_with_the_labels_of_mnist(mnist: Dataset) -> None:
    indices = [each.index for each in LABEL_ERRORS]
    assert indices == sorted(set(indices))
    assert len(indices) == 15
    assert mnist.test.labels[indices].tolist() == [each.given for each in LABEL_ERRORS]
    assert sum(each.seen is not None for each in LABEL_ERRORS) == 10


def test_predicting_the_labels_is_perfect_without_the_errors_and_has_ten_errors_with_them(
    mnist: Dataset,
) -> None:
    corrected = correct_labels(predict(mnist.test.labels, mnist))
    assert (corrected.without, corrected.images_without) == (1, 9985)
    assert corrected.relabelled == 0.999


def test_predicting_the_proposed_digits_is_perfect_where_people_agreed(mnist: Dataset) -> None:
    digits = mnist.test.labels.copy()
    for error in LABEL_ERRORS:
        digits[error.index] = error.proposed
    predictions = predict(digits, mnist)
    corrected = correct_labels(predictions)
    assert predictions.correct.mean() == 0.9985
    assert corrected.without == 1
    assert corrected.relabelled == 0.9995  # for five images people agreed on no digit
    assert corrected.predicted == tuple(each.proposed for each in LABEL_ERRORS)


def test_labels_are_not_modified(mnist: Dataset) -> None:
    labels = mnist.test.labels.copy()
    correct_labels(Predictions(np.zeros((10_000, 10), np.float32), labels))
    assert np.array_equal(labels, mnist.test.labels)
