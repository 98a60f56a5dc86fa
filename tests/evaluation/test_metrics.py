import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix as sklearn_confusion_matrix
from sklearn.metrics import log_loss, precision_recall_fscore_support

from tendigits.classifiers import Predictions
from tendigits.evaluation import Metrics, measure, summarise_test
from tendigits.evaluation.metrics import (
    class_metrics,
    confused_pairs,
    confusion_matrix,
    find_errors,
    negative_log_likelihood,
    wilson_interval,
)

DIGITS = tuple("0123456789")
LABELS = arrays.arrays(np.int64, st.integers(1, 60), elements=st.integers(0, 9))
# By hand: n = 9802, N = 10,000, z = 1.96 gives a centre of 0.980016 and a half of 0.002736. The
# others: R. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
# Medicine 17, 1998, table I, method 3.
PUBLISHED_INTERVALS = [
    (9802, 10_000, 0.9773, 0.9828),
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@st.composite
def predictions(draw: st.DrawFn) -> Predictions:
    """Predictions for a few labelled images, with ten or eleven outputs, at any temperature."""
    images, outputs = draw(st.integers(1, 30)), draw(st.sampled_from([10, 11]))
    floats = st.floats(-10, 10, width=32)
    logits = draw(arrays.arrays(np.float32, (images, outputs), elements=floats))
    labels = draw(arrays.arrays(np.int64, images, elements=st.integers(0, 9)))
    return Predictions(logits, labels, draw(st.floats(1, 5)))


@pytest.mark.parametrize(("successes", "trials", "low", "high"), PUBLISHED_INTERVALS)
def test_wilson_interval_equals_published_values(
    successes: int, trials: int, low: float, high: float
) -> None:
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_wilson_interval_of_no_or_only_successes_ends_at_0_or_1() -> None:
    assert wilson_interval(0, 10)[0] == 0
    assert wilson_interval(10, 10)[1] == 1


def test_metrics_of_a_small_example() -> None:
    probabilities = np.full((4, 10), 1e-30)
    probabilities[:, :3] = [[0.7, 0.2, 0.1], [0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.6, 0.1, 0.3]]
    labels = np.array([0, 1, 1, 2])
    metrics = measure(Predictions(np.log(probabilities).astype(np.float32), labels))
    confusion = np.zeros((10, 10), int)
    confusion[:3, :3] = [[1, 0, 0], [1, 1, 0], [1, 0, 0]]
    assert metrics.loss == pytest.approx(-sum(map(math.log, (0.7, 0.3, 0.8, 0.3))) / 4)
    assert metrics == Metrics(
        images=4,
        loss=metrics.loss,
        accuracy=0.5,
        interval_95=wilson_interval(2, 4),
        errors_per_class=(0, 1, 1, 0, 0, 0, 0, 0, 0, 0),
        confusion=tuple(map(tuple, confusion.tolist())),
    )


@settings(deadline=None)
@given(predictions())
def test_loss_and_confusion_equal_those_of_scikit_learn(predicted: Predictions) -> None:
    metrics, labels = measure(predicted), predicted.known_labels
    probabilities = np.exp(predicted.log_probabilities.astype(np.float64))
    probabilities /= probabilities.sum(axis=1, keepdims=True)  # to more digits than float32 has
    theirs = log_loss(labels, probabilities, labels=range(probabilities.shape[1]))
    assert metrics.loss == pytest.approx(theirs, rel=1e-4, abs=1e-6)
    theirs = sklearn_confusion_matrix(labels, predicted.predicted, labels=range(10))
    assert np.array_equal(metrics.confusion, theirs)


@settings(deadline=None)
@given(predictions())
def test_errors_accuracy_and_confusion_agree(predicted: Predictions) -> None:
    metrics, errors = measure(predicted), find_errors(predicted)
    assert metrics.accuracy == pytest.approx(1 - len(errors) / len(predicted))
    assert metrics.interval_95[0] <= metrics.accuracy <= metrics.interval_95[1]
    assert sum(metrics.errors_per_class) == len(errors)
    assert np.sum(metrics.confusion) == metrics.images == len(predicted)
    for label in range(10):
        assert metrics.errors_per_class[label] == sum(each.label == label for each in errors)


@settings(deadline=None)
@given(predictions(), st.randoms(use_true_random=False))
def test_order_of_images_changes_no_metric(
    predicted: Predictions, generator: random.Random
) -> None:
    order = list(range(len(predicted)))
    generator.shuffle(order)
    first, shuffled = measure(predicted), measure(predicted.subset(np.array(order)))
    assert shuffled.confusion == first.confusion
    assert shuffled.loss == pytest.approx(first.loss)


def test_perfect_confident_classifier_has_no_error_and_a_loss_of_positive_zero() -> None:
    labels = np.arange(10)
    certain = Predictions(np.where(np.eye(10), 1000, 0).astype(np.float32), labels)
    metrics = measure(certain)
    assert (metrics.accuracy, metrics.errors_per_class) == (1, (0,) * 10)
    assert metrics.loss == 0
    assert math.copysign(1, metrics.loss) == 1
    assert find_errors(certain) == ()


def test_loss_is_that_of_the_temperature() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 5, (100, 10)).astype(np.float32)
    sharp = Predictions(logits, random.integers(0, 10, 100))
    soft = Predictions(logits / np.float32(2.5), sharp.labels)
    assert measure(sharp.at_temperature(2.5)).loss == pytest.approx(measure(soft).loss, rel=1e-6)
    assert measure(sharp.at_temperature(2.5)).confusion == measure(sharp).confusion


def test_loss_of_a_diverged_classifier_is_nan() -> None:
    logits = np.full((3, 10), np.nan, np.float32)
    assert math.isnan(measure(Predictions(logits, np.array([0, 1, 2]))).loss)


def test_output_for_non_digits_lowers_the_probabilities_and_is_never_predicted() -> None:
    ten = np.eye(10, dtype=np.float32)
    eleven = np.concatenate([ten, np.full((10, 1), 5, np.float32)], axis=1)
    without, rejecting = (Predictions(logits, np.arange(10)) for logits in (ten, eleven))
    assert measure(rejecting).confusion == measure(without).confusion
    assert negative_log_likelihood(rejecting) > negative_log_likelihood(without)


def test_metrics_are_plain_python_numbers() -> None:
    metrics = measure(Predictions(np.zeros((3, 10), np.float32), np.array([0, 1, 2])))
    assert {type(value) for row in metrics.confusion for value in row} == {int}
    assert {type(value) for value in (*metrics.interval_95, metrics.loss, metrics.accuracy)} == {
        float
    }


@settings(deadline=None)
@given(LABELS, st.integers(0, 2**31))
def test_precision_recall_and_f1_equal_those_of_scikit_learn(
    labels: NDArray[np.int64], seed: int
) -> None:
    predicted = np.random.default_rng(seed).permutation(labels)
    ours = class_metrics(confusion_matrix(labels, predicted).tolist(), DIGITS)
    theirs = precision_recall_fscore_support(labels, predicted, labels=range(10), zero_division=0)
    figures = [(each.precision, each.recall, each.f1, each.images) for each in ours]
    np.testing.assert_allclose(figures, np.transpose(theirs))


def test_most_confused_pair_comes_first_with_both_directions() -> None:
    confusion = np.diag([9, 9, 9, 9])
    confusion[1, 3], confusion[3, 1], confusion[0, 2] = 2, 3, 4
    first, second = confused_pairs(confusion.tolist())
    assert (first.classes, first.errors) == ((1, 3), (2, 3))
    assert (second.classes, second.errors) == ((0, 2), (4, 0))


def test_perfect_classifier_has_no_confused_pairs() -> None:
    assert confused_pairs(np.diag([5] * 10).tolist()) == ()


def test_error_with_least_probable_label_comes_first() -> None:
    of_label = np.array([0.9, 0.3, 0.01, 0.6, 0.2])
    probabilities = np.full((5, 10), 1e-30)
    probabilities[:, 0], probabilities[:, 1] = of_label, 1 - of_label
    errors = find_errors(
        Predictions(np.log(probabilities).astype(np.float32), np.zeros(5, np.int64))
    )
    assert [each.index for each in errors] == [2, 4, 1]
    assert (errors[0].label, errors[0].predicted) == (0, 1)
    assert errors[0].confidence == pytest.approx(0.99)
    assert errors[0].label_probability == pytest.approx(0.01)


def test_summary_of_a_test_gives_accuracy_interval_and_errors() -> None:
    logits = np.eye(10, dtype=np.float32)[[0, 1, 2, 3, 4, 5, 6, 7, 8, 8]]
    summary = summarise_test(measure(Predictions(logits, np.arange(10))), DIGITS)
    assert "Test accuracy: 90.00%" in summary
    assert "59.58% to 98.21%, 10 images" in summary
    assert summary.endswith("8: 0, 9: 1 (1 in total)")
