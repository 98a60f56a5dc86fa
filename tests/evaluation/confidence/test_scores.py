import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from tendigits.evaluation.confidence.scores import (
    BINS,
    adaptive_calibration_error,
    brier_score,
    calibration_error,
    negative_log_likelihood,
)

Answers = tuple[NDArray[np.float64], NDArray[np.int64]]


@st.composite
def answers(draw: st.DrawFn) -> Answers:
    """Log probabilities (n, 10) and labels (n,), of any quality."""
    random = np.random.default_rng(draw(st.integers(0, 2**31)))
    examples, sharpness = draw(st.integers(2, 200)), draw(st.floats(0, 12))
    labels = random.integers(0, 10, examples)
    logits = sharpness * np.eye(10)[labels] + random.normal(0, 3, (examples, 10))
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)), labels


def sureness(given_answers: Answers) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    logarithms, labels = given_answers
    return np.exp(logarithms.max(axis=1)), logarithms.argmax(axis=1) == labels


@settings(deadline=None)
@given(answers())
def test_likelihood_and_brier_score_are_scikit_learns(given_answers: Answers) -> None:
    logarithms, labels = given_answers
    shares = np.exp(logarithms)
    ours = negative_log_likelihood(logarithms, labels), brier_score(logarithms, labels)
    theirs = log_loss(labels, shares, labels=range(10))
    assert ours[0] == pytest.approx(theirs, rel=1e-6)
    squares = brier_score_loss(labels, shares, labels=range(10), scale_by_half=False)
    assert ours[1] == pytest.approx(squares)


@settings(deadline=None)
@given(answers())
def test_the_calibration_error_is_the_distance_of_scikit_learns_curve(
    given_answers: Answers,
) -> None:
    confidences, right = sureness(given_answers)
    accuracy, confidence = calibration_curve(right, confidences, n_bins=BINS)
    counts, _ = np.histogram(confidences, BINS, (0, 1))
    distance = (counts[counts > 0] * np.abs(accuracy - confidence)).sum() / len(right)
    assert calibration_error(confidences, right) == pytest.approx(distance, abs=1e-9)


@settings(deadline=None)
@given(answers(), st.permutations(range(10)))
def test_other_names_for_the_classes_change_nothing(
    given_answers: Answers, names: list[int]
) -> None:
    logarithms, labels = given_answers
    renamed = logarithms[:, np.argsort(names)], np.array(names)[labels]
    for score in (negative_log_likelihood, brier_score):
        assert score(*renamed) == pytest.approx(score(logarithms, labels))


@settings(deadline=None)
@given(answers(), st.integers(2, 4))
def test_the_same_answers_several_times_change_nothing(given_answers: Answers, times: int) -> None:
    logarithms, labels = given_answers
    repeated = np.repeat(logarithms, times, axis=0), np.repeat(labels, times)
    for score in (negative_log_likelihood, brier_score):
        assert score(*repeated) == pytest.approx(score(logarithms, labels))
    once, often = sureness(given_answers), sureness(repeated)
    assert calibration_error(*often) == pytest.approx(calibration_error(*once))


@settings(deadline=None)
@given(answers())
def test_calibration_errors_lie_between_0_and_1_and_bound_the_mean_distance(
    given_answers: Answers,
) -> None:
    confidences, right = sureness(given_answers)
    mean_distance = abs(confidences.mean() - right.mean())
    for error in (calibration_error, adaptive_calibration_error):
        assert mean_distance - 1e-9 <= error(confidences, right) <= 1


def test_who_is_sure_and_right_has_no_error() -> None:
    sure = np.where(np.eye(10), 0.0, -np.inf)
    labels = np.arange(10)
    assert negative_log_likelihood(sure, labels) == 0
    assert brier_score(sure, labels) == 0
    assert calibration_error(np.ones(10), np.ones(10, bool)) == 0
    assert adaptive_calibration_error(np.ones(10), np.ones(10, bool)) == 0


def test_who_is_sure_and_wrong_has_every_error() -> None:
    sure = np.where(np.eye(10), 0.0, -np.inf)
    assert brier_score(sure, (np.arange(10) + 1) % 10) == 2
    assert calibration_error(np.ones(10), np.zeros(10, bool)) == 1


def test_who_guesses_and_says_so_is_calibrated() -> None:
    labels = np.arange(10_000) % 10
    even = np.log(np.full((10_000, 10), 0.1))
    assert negative_log_likelihood(even, labels) == pytest.approx(np.log(10))
    assert brier_score(even, labels) == pytest.approx(0.9)
    assert calibration_error(np.full(10_000, 0.1), labels == 0) == pytest.approx(0)
