import numpy as np
import pytest

from tendigits.classifiers import Predictions
from tendigits.evaluation.metrics import measure
from tendigits.evaluation.validation import REJECTED_DIGITS, validate

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 10, 5000)
# Overconfident: the noise is larger than the scale of the logits says.
LOGITS = (8 * np.eye(11)[LABELS] + RANDOM.normal(0, 3, (5000, 11))).astype(np.float32)
DIGITS = Predictions(LOGITS, LABELS)


def test_temperature_reduces_the_loss_and_keeps_the_accuracy() -> None:
    validation = validate(DIGITS, None)
    assert validation.images == 5000
    assert validation.temperature > 1
    assert validation.calibrated_loss < validation.loss
    assert validation.loss == measure(DIGITS).loss
    assert validation.accuracy == measure(DIGITS).accuracy
    for temperature in (0.9 * validation.temperature, 1.1 * validation.temperature):
        assert measure(DIGITS.at_temperature(temperature)).loss > validation.calibrated_loss


def test_threshold_rejects_one_digit_in_500() -> None:
    validation = validate(DIGITS, None)
    confidence = DIGITS.at_temperature(validation.temperature).confidence
    assert (confidence < validation.threshold).sum() == 5000 / REJECTED_DIGITS


def test_rejected_non_digits_are_counted_at_the_threshold() -> None:
    non_digit, digit = np.eye(11, dtype=np.float32)[[10, 3]] * 30
    non_digits = Predictions(np.array([non_digit, non_digit, non_digit, digit]))
    assert validate(DIGITS, non_digits).ood_rejected == 0.75


def test_classifier_that_cannot_reject_has_no_figure_for_non_digits() -> None:
    assert validate(DIGITS, None).ood_rejected is None


def test_temperature_of_the_predictions_is_ignored() -> None:
    warm = validate(DIGITS.at_temperature(5.0), None)
    assert warm == validate(DIGITS, None)
    assert warm.threshold == pytest.approx(validate(DIGITS, None).threshold)
