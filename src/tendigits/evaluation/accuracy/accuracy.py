"""Accuracy on the test set: the figure, its interval, and what was got wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.evaluation.accuracy.classes import (
    ClassFigures,
    ConfusedPair,
    class_figures,
    confused_pairs,
)
from tendigits.evaluation.accuracy.label_errors import Corrected, correct_labels
from tendigits.evaluation.accuracy.metrics import Metrics, measure
from tendigits.evaluation.accuracy.mistakes import Mistake, find_mistakes


@dataclass(frozen=True)
class Accuracy:
    """What is got right and wrong on MNIST's test set.

    Attributes:
        metrics: accuracy, interval, loss, confusion.
        classes: each class by itself.
        confused: the classes that are most often taken for one another.
        mistakes: every wrong answer, the worst first.
        corrected: the accuracy with the test set's own errors considered.
    """

    metrics: Metrics
    classes: tuple[ClassFigures, ...]
    confused: tuple[ConfusedPair, ...]
    mistakes: tuple[Mistake, ...]
    corrected: Corrected


def measure_accuracy(
    log_probabilities: NDArray[np.float32], labels: NDArray[np.int64], class_names: Sequence[str]
) -> Accuracy:
    """Measure answers to MNIST's 10,000 test images.

    Args:
        log_probabilities: (10000, 10), natural logarithms of the digits' probabilities.
        labels: (10000,), the labels as published.
        class_names: what the classes are called.
    """
    metrics = measure(log_probabilities, labels)
    return Accuracy(
        metrics=metrics,
        classes=class_figures(metrics.confusion, class_names),
        confused=confused_pairs(metrics.confusion),
        mistakes=find_mistakes(log_probabilities, labels),
        corrected=correct_labels(log_probabilities.argmax(axis=1), labels),
    )
