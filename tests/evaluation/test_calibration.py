import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from tendigits.classifiers import Predictions
from tendigits.evaluation.calibration import (
    BINS,
    COVERAGES,
    adaptive_calibration_error,
    brier_score,
    calibration_error,
    fit_temperature,
    measure_calibration,
    reliability_bins,
    selective_accuracy,
)


@st.composite
def predictions(draw: st.DrawFn) -> Predictions:
    """Predictions for labelled images, of any quality."""
    random = np.random.default_rng(draw(st.integers(0, 2**31)))
    images, sharpness = draw(st.integers(2, 200)), draw(st.floats(0, 12))
    labels = random.integers(0, 10, images)
    logits = sharpness * np.eye(10)[labels] + random.normal(0, 3, (images, 10))
    return Predictions(logits.astype(np.float32), labels)


def calibrated_at(temperature: float, images: int) -> Predictions:
    """Predictions whose labels were drawn from their softmax at a temperature."""
    random = np.random.default_rng(0)
    logits = random.normal(0, 3, (images, 10))
    noise = random.gumbel(size=logits.shape)  # the largest sum is a draw from the softmax
    labels = (logits / temperature + noise).argmax(axis=1)
    return Predictions(logits.astype(np.float32), labels)


@settings(deadline=None)
@given(predictions())
def test_brier_score_equals_that_of_scikit_learn(predicted: Predictions) -> None:
    probabilities = np.exp(predicted.log_probabilities.astype(np.float64))
    probabilities /= probabilities.sum(axis=1, keepdims=True)  # to more digits than float32 has
    theirs = brier_score_loss(
        predicted.labels, probabilities, labels=range(10), scale_by_half=False
    )
    assert brier_score(predicted) == pytest.approx(theirs, abs=1e-6)


@settings(deadline=None)
@given(predictions())
def test_calibration_error_is_the_mean_distance_of_scikit_learns_curve(
    predicted: Predictions,
) -> None:
    accuracy, confidence = calibration_curve(
        predicted.correct, np.minimum(predicted.confidence, 1), n_bins=BINS
    )
    bins = reliability_bins(predicted)
    assert [each.accuracy for each in bins] == pytest.approx(accuracy)
    assert [each.confidence for each in bins] == pytest.approx(confidence, abs=1e-6)
    distances = [each.images * abs(each.accuracy - each.confidence) for each in bins]
    ours = calibration_error(predicted.confidence, predicted.correct)
    assert ours == pytest.approx(sum(distances) / len(predicted), abs=1e-6)


@settings(deadline=None)
@given(predictions(), st.permutations(range(10)))
def test_order_of_the_classes_changes_no_score(predicted: Predictions, order: list[int]) -> None:
    renamed = Predictions(
        predicted.logits[:, np.argsort(order)], np.array(order)[predicted.known_labels]
    )
    one, other = (measure_calibration(each, has_temperature=False) for each in (predicted, renamed))
    assert other.before.brier_score == pytest.approx(one.before.brier_score, abs=1e-6)
    assert other.before.calibration_error == pytest.approx(one.before.calibration_error, abs=1e-6)


@settings(deadline=None)
@given(predictions(), st.integers(2, 4))
def test_repeated_predictions_change_no_score(predicted: Predictions, times: int) -> None:
    repeated = predicted.subset(np.tile(np.arange(len(predicted)), times))
    assert brier_score(repeated) == pytest.approx(brier_score(predicted))
    assert calibration_error(repeated.confidence, repeated.correct) == pytest.approx(
        calibration_error(predicted.confidence, predicted.correct), abs=1e-6
    )


@settings(deadline=None)
@given(predictions())
def test_calibration_errors_are_at_least_the_distance_of_the_means(predicted: Predictions) -> None:
    distance = abs(predicted.confidence.mean() - predicted.correct.mean())
    for error in (calibration_error, adaptive_calibration_error):
        assert distance - 1e-6 <= error(predicted.confidence, predicted.correct) <= 1 + 1e-6


def test_confident_and_correct_predictions_score_0() -> None:
    certain = Predictions(1000 * np.eye(10, dtype=np.float32), np.arange(10))
    metrics = measure_calibration(certain, has_temperature=False).before
    assert metrics.negative_log_likelihood == 0
    assert metrics.brier_score == 0
    assert metrics.calibration_error == 0
    assert metrics.adaptive_calibration_error == 0


def test_confident_and_wrong_predictions_score_worst() -> None:
    wrong = Predictions(1000 * np.eye(10, dtype=np.float32), (np.arange(10) + 1) % 10)
    assert brier_score(wrong) == 2
    assert calibration_error(wrong.confidence, wrong.correct) == 1


def test_uniform_probabilities_on_balanced_labels_are_calibrated() -> None:
    uniform = Predictions(np.zeros((10_000, 10), np.float32), np.arange(10_000) % 10)
    metrics = measure_calibration(uniform, has_temperature=False).before
    assert metrics.negative_log_likelihood == pytest.approx(np.log(10))
    assert metrics.brier_score == pytest.approx(0.9)
    assert metrics.calibration_error == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_fitted_temperature_is_the_one_that_labels_were_drawn_at(temperature: float) -> None:
    predicted = calibrated_at(temperature, 50_000)
    assert fit_temperature(predicted) == pytest.approx(temperature, rel=0.03)


def test_fitted_temperature_does_not_depend_on_that_of_the_predictions() -> None:
    predicted = calibrated_at(2.0, 1000)
    assert fit_temperature(predicted.at_temperature(7.0)) == fit_temperature(predicted)


def test_temperature_of_perfect_predictions_is_bounded() -> None:
    perfect = Predictions(np.eye(10, dtype=np.float32), np.arange(10))
    assert np.exp(-4.0) <= fit_temperature(perfect) < 0.1


def test_calibration_after_the_right_temperature_is_better() -> None:
    predicted = calibrated_at(3.0, 2000)
    measured = measure_calibration(predicted.at_temperature(3.0), has_temperature=True)
    assert measured.after is not None
    assert measured.final is measured.after
    assert (measured.before.temperature, measured.after.temperature) == (1, 3)
    assert measured.after.calibration_error < 0.05 < measured.before.calibration_error
    assert measured.after.negative_log_likelihood < measured.before.negative_log_likelihood


def test_classifier_without_temperature_is_measured_once() -> None:
    measured = measure_calibration(calibrated_at(3.0, 500), has_temperature=False)
    assert measured.after is None
    assert measured.final is measured.before


def test_output_for_non_digits_lowers_the_confidence_of_digits() -> None:
    ten = calibrated_at(1.0, 2000)
    eleven = np.concatenate([ten.logits, ten.logits.max(axis=1, keepdims=True)], axis=1)
    rejecting = measure_calibration(Predictions(eleven, ten.labels), has_temperature=False)
    assert max(each.confidence for each in rejecting.before.bins) <= 0.5
    assert rejecting.selective[0].accuracy == selective_accuracy(ten)[0].accuracy


def test_most_confident_predictions_are_accepted_first() -> None:
    confidence = np.linspace(0.1, 0.999, 1000)
    others = (1 - confidence) / 9
    probabilities = np.repeat(others[:, np.newaxis], 10, axis=1)
    probabilities[:, 0] = confidence
    labels = np.where(np.arange(1000) >= 250, 0, 1)  # the least confident quarter is wrong
    predicted = Predictions(np.log(probabilities).astype(np.float32), labels)
    points = {each.coverage: each for each in selective_accuracy(predicted)}
    assert tuple(points) == COVERAGES
    assert points[1.0].accuracy == pytest.approx(predicted.correct.mean()) == pytest.approx(0.75)
    assert points[0.5].accuracy == 1
    assert points[0.5].threshold == pytest.approx(0.55, abs=0.01)
