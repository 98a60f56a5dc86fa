import numpy as np

from tendigits.data import Dataset
from tendigits.evaluation.accuracy.label_errors import LABEL_ERRORS, correct_labels


def test_they_are_fifteen_and_name_the_labels_that_mnist_has(mnist: Dataset) -> None:
    assert len(LABEL_ERRORS) == 15
    assert [mnist.test.labels[each.index] for each in LABEL_ERRORS] == [
        each.given for each in LABEL_ERRORS
    ]
    assert sum(each.seen is not None for each in LABEL_ERRORS) == 10


def test_who_answers_with_the_labels_is_right_without_them_and_wrong_ten_times_with(
    mnist: Dataset,
) -> None:
    corrected = correct_labels(mnist.test.labels, mnist.test.labels)
    assert (corrected.without, corrected.without_images) == (1, 9985)
    assert corrected.relabelled == 0.999


def test_who_sees_what_people_see_is_right_where_they_agree(mnist: Dataset) -> None:
    answers = mnist.test.labels.copy()
    for error in LABEL_ERRORS:
        answers[error.index] = error.proposed
    corrected = correct_labels(answers, mnist.test.labels)
    assert (answers == mnist.test.labels).mean() == 0.9985
    assert corrected.without == 1
    assert corrected.relabelled == 0.9995  # five have no label that people agree on
    assert corrected.answers == tuple(each.proposed for each in LABEL_ERRORS)


def test_nothing_that_is_given_is_changed(mnist: Dataset) -> None:
    labels = mnist.test.labels.copy()
    correct_labels(np.zeros_like(labels), labels)
    assert np.array_equal(labels, mnist.test.labels)
