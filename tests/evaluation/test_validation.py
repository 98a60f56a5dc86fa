import numpy as np
import pytest

from tendigits.classifiers import Predictions
from tendigits.evaluation.metrics import measure
from tendigits.evaluation.validation import MIN_ERRORS, REJECTED_DIGITS, validate

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


@pytest.mark.parametrize("images", [10, 100, 2000])
@pytest.mark.parametrize("scale", [1, 3, 30])
def test_digits_are_accepted_where_every_validation_image_is_correct(
    images: int, scale: int
) -> None:
    digits = Predictions(scale * LOGITS, LABELS).subset(DIGITS.correct)
    validation = validate(digits.subset(np.arange(images)), None)
    assert validation.temperature >= 1
    assert 0 < validation.threshold <= 0.5
    others = digits.subset(np.arange(2000, len(digits))).at_temperature(validation.temperature)
    assert (others.confidence > validation.threshold).mean() > 0.98


@pytest.mark.parametrize(("errors", "is_fitted"), [(MIN_ERRORS - 1, False), (MIN_ERRORS, True)])
def test_temperature_below_1_needs_five_errors(errors: int, is_fitted: bool) -> None:
    logits, labels = np.eye(10)[LABELS].astype(np.float32), LABELS.copy()
    labels[:errors] = (labels[:errors] + 1) % 10
    assert (validate(Predictions(logits, labels), None).temperature < 0.5) == is_fitted


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
