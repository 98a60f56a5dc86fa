"""Whether a classifier's confidence can be believed, before and after its temperature."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from tendigits.data import CLASSES
from tendigits.evaluation.confidence.scores import (
    BINS,
    adaptive_calibration_error,
    brier_score,
    calibration_error,
    equal_width_bins,
    negative_log_likelihood,
)
from tendigits.evaluation.confidence.selective import Answered, selective_accuracy


@dataclass(frozen=True)
class Bin:
    """Answers of about one confidence.

    Attributes:
        answers: how many.
        confidence: the mean of their probabilities.
        accuracy: the share of right ones.
    """

    answers: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Calibration:
    """How well probabilities agree with what happens.

    Attributes:
        temperature: what the logits were divided by.
        negative_log_likelihood: in nats.
        brier_score: from 0 to 2.
        calibration_error: ECE, 15 bins of equal width.
        adaptive_calibration_error: the same, 15 bins of equally many answers.
        bins: the reliability diagram: bins of equal width that hold an answer.
    """

    temperature: float
    negative_log_likelihood: float
    brier_score: float
    calibration_error: float
    adaptive_calibration_error: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class Confidence:
    """A classifier's confidence, on the test set.

    Attributes:
        before: of the logits as they are.
        after: of the logits over the temperature that was fitted on validation images; None
            where there is none.
        selective: the accuracy when only the surest are answered.
    """

    before: Calibration
    after: Calibration | None
    selective: tuple[Answered, ...]

    @property
    def shipped(self) -> Calibration:
        """What its users meet: after the temperature, where it has one."""
        return self.after or self.before


def measure_confidence(
    logits: NDArray[np.float32], labels: NDArray[np.int64], temperature: float | None
) -> Confidence:
    """Measure the confidence of answers to labelled images.

    Args:
        logits: (n, classes); a class beyond those of the labels is what is none of them.
        labels: (n,), the true classes.
        temperature: what was fitted on validation images, if anything.
    """
    chosen = log_softmax(logits / (temperature or 1.0), axis=1)
    return Confidence(
        before=_calibration(logits, labels, 1.0),
        after=_calibration(logits, labels, temperature) if temperature else None,
        selective=selective_accuracy(*_sureness(chosen, labels)),
    )


def _calibration(
    logits: NDArray[np.float32], labels: NDArray[np.int64], temperature: float
) -> Calibration:
    answers = log_softmax(logits / temperature, axis=1)
    confidences, right = _sureness(answers, labels)
    return Calibration(
        temperature=temperature,
        negative_log_likelihood=negative_log_likelihood(answers, labels),
        brier_score=brier_score(answers, labels),
        calibration_error=calibration_error(confidences, right),
        adaptive_calibration_error=adaptive_calibration_error(confidences, right),
        bins=_reliability(confidences, right),
    )


def _sureness(
    answers: NDArray[np.float32], labels: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the probability (n,) of the likeliest digit, and whether it is the right one."""
    digits = answers[:, :CLASSES]
    return np.exp(digits.max(axis=1)), digits.argmax(axis=1) == labels


def _reliability(confidences: NDArray[np.float32], right: NDArray[np.bool_]) -> tuple[Bin, ...]:
    bins = equal_width_bins(confidences)
    members = [bins == each for each in range(BINS)]
    return tuple(
        Bin(int(m.sum()), float(confidences[m].mean(dtype=np.float64)), float(right[m].mean()))
        for m in members
        if m.any()
    )
