"""Calibration: whether the probabilities agree with the observed frequencies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.classifiers import Predictions
from tendigits.evaluation.metrics import negative_log_likelihood

BINS = 15
COVERAGES = (1.0, 0.999, 0.998, 0.995, 0.99, 0.98, 0.95, 0.9, 0.8, 0.5)
_LOG_TEMPERATURES = (-4.0, 4.0)


@dataclass(frozen=True)
class ReliabilityBin:
    """Predictions of similar confidence.

    Attributes:
        images: the number of predictions in the bin.
        confidence: their mean confidence.
        accuracy: the fraction of them that is correct.
    """

    images: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class CalibrationMetrics:
    """Calibration at one temperature.

    Attributes:
        temperature: what the logits were divided by.
        negative_log_likelihood: in nats.
        brier_score: from 0 to 2.
        calibration_error: expected calibration error (ECE), 15 bins of equal width.
        adaptive_calibration_error: the same over 15 bins of equally many predictions.
        bins: the reliability diagram: the bins of equal width that are not empty.
    """

    temperature: float
    negative_log_likelihood: float
    brier_score: float
    calibration_error: float
    adaptive_calibration_error: float
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True)
class SelectivePoint:
    """Accuracy where only the most confident predictions are accepted.

    Attributes:
        coverage: the fraction of the predictions that is accepted.
        accuracy: the fraction of the accepted predictions that is correct.
        threshold: the lowest confidence among the accepted predictions.
    """

    coverage: float
    accuracy: float
    threshold: float


@dataclass(frozen=True)
class Calibration:
    """Calibration of a classifier, before and after its temperature.

    Attributes:
        before: with the logits as they are (temperature 1).
        after: with the temperature that was fitted on validation images; None without one.
        selective: the accuracy where only the most confident predictions are accepted.
    """

    before: CalibrationMetrics
    after: CalibrationMetrics | None
    selective: tuple[SelectivePoint, ...]

    @property
    def final(self) -> CalibrationMetrics:
        """The calibration of the probabilities that the classifier returns."""
        return self.after or self.before


def measure_calibration(predictions: Predictions, *, has_temperature: bool) -> Calibration:
    """Measure the calibration of predictions for labelled images.

    Args:
        predictions: the predictions, at the classifier's temperature if it has one.
        has_temperature: whether it has one.
    """
    return Calibration(
        before=calibration_metrics(predictions.at_temperature(1.0)),
        after=calibration_metrics(predictions) if has_temperature else None,
        selective=selective_accuracy(predictions),
    )


def calibration_metrics(predictions: Predictions) -> CalibrationMetrics:
    """Measure the calibration of predictions for labelled images, at their temperature."""
    return CalibrationMetrics(
        temperature=predictions.temperature,
        negative_log_likelihood=negative_log_likelihood(predictions),
        brier_score=brier_score(predictions),
        calibration_error=calibration_error(predictions.confidence, predictions.correct),
        adaptive_calibration_error=adaptive_calibration_error(
            predictions.confidence, predictions.correct
        ),
        bins=reliability_bins(predictions),
    )


def fit_temperature(predictions: Predictions) -> float:
    """Return the temperature that minimises the mean cross-entropy.

    Source: C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On calibration of modern neural networks",
    ICML 2017.

    Args:
        predictions: for labelled images that were not trained on; their own temperature is ignored.
            If all are correct, the temperature has no minimum of its own and is close to 0.
    """
    # Imported here: the server, which imports this module, needs neither.
    from scipy.optimize import minimize_scalar  # noqa: PLC0415
    from scipy.special import log_softmax  # noqa: PLC0415

    logits, rows = predictions.logits.astype(np.float64), np.arange(len(predictions))

    def loss(log_temperature: float) -> float:
        log_probabilities = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-log_probabilities[rows, predictions.known_labels].mean())

    return float(np.exp(minimize_scalar(loss, bounds=_LOG_TEMPERATURES, method="bounded").x))


def brier_score(predictions: Predictions) -> float:
    """Return the mean squared distance of the probabilities from the true classes, from 0 to 2.

    Source: G. Brier, "Verification of forecasts expressed in terms of probability", Monthly
    Weather Review 78, 1950.
    """
    distances = np.exp(predictions.log_probabilities.astype(np.float64))
    distances[np.arange(len(predictions)), predictions.known_labels] -= 1
    return float((distances**2).sum(axis=1).mean())


def calibration_error(confidence: NDArray[np.floating], correct: NDArray[np.bool_]) -> float:
    """Return the expected calibration error (ECE) over 15 bins of equal width, from 0 to 1.

    Source: M. Naeini, G. Cooper, M. Hauskrecht, "Obtaining well calibrated probabilities using
    Bayesian binning", AAAI 2015.

    Args:
        confidence: (n,), the probability of each predicted class.
        correct: (n,), whether it is the true class.
    """
    return _mean_distance(_equal_width_bins(confidence), confidence, correct)


def adaptive_calibration_error(
    confidence: NDArray[np.floating], correct: NDArray[np.bool_]
) -> float:
    """Return the same as `calibration_error` over 15 bins of equally many predictions.

    Bins of equal width leave nearly all predictions of a good classifier in the last one. Source:
    K. Nguyen, B. O'Connor, "Posterior calibration and exploratory analysis for natural language
    processing models", EMNLP 2015.
    """
    order = np.argsort(confidence, kind="stable")
    bins = np.empty(len(order), np.int64)
    bins[order] = np.arange(len(order)) * BINS // len(order)
    return _mean_distance(bins, confidence, correct)


def reliability_bins(predictions: Predictions) -> tuple[ReliabilityBin, ...]:
    """Return the bins of equal width that are not empty, least confidence first."""
    bins = _equal_width_bins(predictions.confidence)
    members = [predictions.subset(bins == number) for number in np.unique(bins)]
    return tuple(
        ReliabilityBin(
            images=len(each),
            confidence=float(each.confidence.mean(dtype=np.float64)),
            accuracy=float(each.correct.mean()),
        )
        for each in members
    )


def selective_accuracy(predictions: Predictions) -> tuple[SelectivePoint, ...]:
    """Return the accuracy where from all to half of the predictions are accepted.

    Source: Y. Geifman, R. El-Yaniv, "Selective classification for deep neural networks",
    NeurIPS 2017.
    """
    order = np.argsort(-predictions.confidence, kind="stable")
    accuracies = np.cumsum(predictions.correct[order]) / np.arange(1, len(order) + 1)
    last = [max(1, round(coverage * len(order))) - 1 for coverage in COVERAGES]
    return tuple(
        SelectivePoint(coverage, float(accuracies[at]), float(predictions.confidence[order[at]]))
        for coverage, at in zip(COVERAGES, last, strict=True)
    )


def _equal_width_bins(confidence: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return which of 15 bins of equal width each confidence falls into, from 0."""
    return np.minimum((confidence * BINS).astype(np.int64), BINS - 1)


def _mean_distance(
    bins: NDArray[np.int64], confidence: NDArray[np.floating], correct: NDArray[np.bool_]
) -> float:
    excess = np.bincount(bins, confidence.astype(np.float64) - correct, minlength=BINS)
    return float(np.abs(excess).sum() / len(correct))
