import numpy as np
import pytest
from scipy.special import log_softmax

from tendigits.evaluation.confidence import measure_confidence
from tendigits.evaluation.confidence.scores import negative_log_likelihood

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 10, 2000)
# True to their word at a temperature of 3.
CALIBRATED = log_softmax(RANDOM.normal(0, 2, (2000, 10)), axis=1)
DRAWN = np.array([RANDOM.choice(10, p=np.exp(row)) for row in CALIBRATED])
LOGITS = (3 * CALIBRATED).astype(np.float32)


def test_the_right_temperature_makes_the_confidence_believable() -> None:
    found = measure_confidence(LOGITS, DRAWN, 3.0)
    assert found.after is not None
    assert found.after.calibration_error < 0.05 < found.before.calibration_error
    assert found.after.negative_log_likelihood < found.before.negative_log_likelihood
    assert found.shipped is found.after
    assert found.before.temperature == 1


def test_without_a_temperature_the_logits_are_taken_as_they_are() -> None:
    found = measure_confidence(LOGITS, LABELS, None)
    assert found.after is None
    assert found.shipped is found.before
    answers = log_softmax(LOGITS, axis=1)
    assert found.before.negative_log_likelihood == negative_log_likelihood(answers, LABELS)


def test_what_is_given_to_no_digit_is_missing_from_the_digit() -> None:
    eleven = np.concatenate([LOGITS, LOGITS.max(axis=1, keepdims=True)], axis=1)
    ten, rejecting = (measure_confidence(each, DRAWN, None) for each in (LOGITS, eleven))
    assert rejecting.before.negative_log_likelihood > ten.before.negative_log_likelihood
    assert max(each.confidence for each in rejecting.before.bins) <= 0.5
    assert rejecting.selective[0].accuracy == ten.selective[0].accuracy


def test_every_answer_is_in_a_bin() -> None:
    bins = measure_confidence(LOGITS, DRAWN, None).before.bins
    assert sum(each.answers for each in bins) == 2000
    mean = sum(each.answers * each.accuracy for each in bins) / 2000
    assert mean == pytest.approx((LOGITS.argmax(axis=1) == DRAWN).mean())
