"""Whether probabilities can be believed, in single figures."""

import numpy as np
from numpy.typing import NDArray

BINS = 15

Floats = NDArray[np.floating]


def negative_log_likelihood(log_probabilities: Floats, labels: NDArray[np.int64]) -> float:
    """Return the mean of -log(probability of the truth), in nats.

    Args:
        log_probabilities: (n, classes), natural logarithms.
        labels: (n,), the true classes.
    """
    of_truth = log_probabilities[np.arange(len(labels)), labels]
    return float(-of_truth.mean(dtype=np.float64))


def brier_score(log_probabilities: Floats, labels: NDArray[np.int64]) -> float:
    """Return the mean squared distance of the probabilities from the truth, from 0 to 2.

    Source: G. Brier, "Verification of forecasts expressed in terms of probability", Monthly
    Weather Review 78, 1950.

    Args:
        log_probabilities: (n, classes), natural logarithms.
        labels: (n,), the true classes.
    """
    distances = np.exp(log_probabilities.astype(np.float64))
    distances[np.arange(len(labels)), labels] -= 1
    return float((distances**2).sum(axis=1).mean())


def calibration_error(confidences: Floats, right: NDArray[np.bool_]) -> float:
    """Return the mean distance of confidence and accuracy over 15 bins of equal width (ECE).

    Source: M. Naeini, G. Cooper, M. Hauskrecht, "Obtaining well calibrated probabilities using
    Bayesian binning", AAAI 2015.

    Args:
        confidences: (n,), the probability of each answer.
        right: (n,), whether it was right.
    """
    return _mean_distance(equal_width_bins(confidences), confidences, right)


def adaptive_calibration_error(confidences: Floats, right: NDArray[np.bool_]) -> float:
    """Return the same as `calibration_error` over 15 bins of equally many answers.

    Equal widths leave nearly all answers of a good classifier in the last bin. Source:
    K. Nguyen, B. O'Connor, "Posterior calibration and exploratory analysis for natural language
    processing models", EMNLP 2015.
    """
    order = np.argsort(confidences, kind="stable")
    bins = np.empty(len(order), np.int64)
    bins[order] = np.arange(len(order)) * BINS // len(order)
    return _mean_distance(bins, confidences, right)


def equal_width_bins(confidences: Floats) -> NDArray[np.int64]:
    """Return which of 15 bins of equal width each confidence falls into, from 0."""
    return np.minimum((confidences * BINS).astype(np.int64), BINS - 1)


def _mean_distance(bins: NDArray[np.int64], confidences: Floats, right: NDArray[np.bool_]) -> float:
    excess = np.bincount(bins, confidences.astype(np.float64) - right, minlength=BINS)
    return float(np.abs(excess).sum() / len(right))
