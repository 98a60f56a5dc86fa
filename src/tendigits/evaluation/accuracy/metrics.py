"""How good a classifier is on labelled images."""

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator

Z_95 = 1.959963984540054  # the 97.5 % point of the normal distribution


@dataclass(frozen=True)
class Metrics:
    """Figures of a classifier on n labelled images.

    Attributes:
        examples: n.
        loss: mean cross-entropy, in nats; not a number (in JSON null) where training diverged.
        accuracy: the share of right answers, from 0 to 1.
        interval_95: the accuracy's 95 % interval (Wilson).
        errors_per_class: wrong answers for each true class.
        confusion: a row a true class, a column an answer, each a count.
    """

    examples: int
    loss: Annotated[float, BeforeValidator(lambda loss: math.nan if loss is None else loss)]
    accuracy: float
    interval_95: tuple[float, float]
    errors_per_class: tuple[int, ...]
    confusion: tuple[tuple[int, ...], ...]


def measure(log_probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> Metrics:
    """Return the figures of answers to labelled images.

    Args:
        log_probabilities: (n, classes), natural logarithms of the class probabilities.
        labels: (n,), the true classes.
    """
    examples, classes = log_probabilities.shape
    confusion = confusion_matrix(labels, log_probabilities.argmax(axis=1), classes)
    right = int(np.trace(confusion))
    of_truth = log_probabilities[np.arange(examples), labels]
    return Metrics(
        examples=examples,
        loss=float(np.abs(of_truth.mean(dtype=np.float64))),
        accuracy=right / examples,
        interval_95=wilson_interval(right, examples),
        errors_per_class=tuple((confusion.sum(axis=1) - np.diag(confusion)).tolist()),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
    )


def confusion_matrix(
    labels: NDArray[np.int64], answers: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """Return counts (classes, classes): rows are true classes, columns are answers."""
    pairs = np.bincount(labels * classes + answers, minlength=classes * classes)
    return pairs.reshape(classes, classes)


def wilson_interval(right: int, examples: int, z: float = Z_95) -> tuple[float, float]:
    """Return the interval of a share `right / examples` at `z` standard deviations.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical
    inference", JASA 22, 1927. Unlike share +- z * error it holds near 0 and 1.
    """
    share = right / examples
    centre = (share + z * z / (2 * examples)) / (1 + z * z / examples)
    spread = math.sqrt(share * (1 - share) / examples + (z / (2 * examples)) ** 2)
    half = z * spread / (1 + z * z / examples)
    return centre - half if right else 0.0, centre + half if right < examples else 1.0
