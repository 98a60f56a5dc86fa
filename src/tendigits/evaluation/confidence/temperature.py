"""How sure a network may say it is: a temperature fitted on validation images."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

_LOG_RANGE = (-4.0, 4.0)  # from e^-4 to e^4 times as sure


def fit_temperature(log_probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return what logits are to be divided by so that the mean cross-entropy is least.

    Source: C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On calibration of modern neural networks",
    ICML 2017.

    Args:
        log_probabilities: (n, classes), or logits.
        labels: (n,), the true classes.
    """
    logits = log_probabilities.astype(np.float64)

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scaled[np.arange(len(labels)), labels].mean())

    return float(np.exp(minimize_scalar(loss, bounds=_LOG_RANGE, method="bounded").x))
