"""Accuracy on labelled images: of all images, of each class, and the errors one by one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator

from tendigits.classifiers import Predictions
from tendigits.data import CLASSES
from tendigits.files import as_json_values

MOST_CONFUSED = 6


@dataclass(frozen=True)
class Metrics:
    """Figures of a classifier on n labelled images.

    Attributes:
        images: n.
        loss: mean cross-entropy in nats, at the predictions' temperature; NaN (in JSON null) where
            the training diverged.
        accuracy: fraction of correct predictions, from 0 to 1.
        interval_95: the accuracy's 95 % confidence interval (Wilson).
        errors_per_class: the number of errors for each true class.
        confusion: counts; rows are true classes, columns are predicted classes.
    """

    images: int
    loss: Annotated[float, BeforeValidator(lambda loss: math.nan if loss is None else loss)]
    accuracy: float
    interval_95: tuple[float, float]
    errors_per_class: tuple[int, ...]
    confusion: tuple[tuple[int, ...], ...]

    def __repr__(self) -> str:
        """Return the accuracy, the loss and the number of images."""
        figures = f"accuracy={self.accuracy:.4f}, loss={self.loss:.4f}"
        return f"Metrics({figures}, {self.images:,} images)"

    def to_dict(self) -> dict[str, Any]:
        """Return every figure by name, as JSON has it."""
        return as_json_values(self)


@dataclass(frozen=True)
class ClassMetrics:
    """Figures of one class.

    Attributes:
        name: what the class is called.
        images: the number of images of this class.
        precision: fraction of the predictions of this class that are correct; 0 without any.
        recall: fraction of the images of this class that are predicted correctly; 0 without any.
        f1: the harmonic mean of precision and recall; 0 where both are 0.
    """

    name: str
    images: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class ConfusedPair:
    """Two classes that are mistaken for each other.

    Attributes:
        classes: both, the smaller first.
        errors: how often the first was predicted as the second, and the second as the first.
    """

    classes: tuple[int, int]
    errors: tuple[int, int]


@dataclass(frozen=True)
class Misclassified:
    """A misclassified image.

    Attributes:
        index: its index among the images.
        label: the true class.
        predicted: the predicted class.
        confidence: the probability of the predicted class.
        label_probability: the probability of the true class.
    """

    index: int
    label: int
    predicted: int
    confidence: float
    label_probability: float


def measure(predictions: Predictions) -> Metrics:
    """Return the metrics of predictions for labelled images."""
    confusion = confusion_matrix(predictions.known_labels, predictions.predicted)
    correct, images = int(np.trace(confusion)), len(predictions)
    return Metrics(
        images=images,
        loss=negative_log_likelihood(predictions),
        accuracy=correct / images,
        interval_95=wilson_interval(correct, images),
        errors_per_class=tuple((confusion.sum(axis=1) - np.diag(confusion)).tolist()),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
    )


def summarise_test(metrics: Metrics, class_names: Sequence[str]) -> str:
    """Return the figures of a test in three lines, as the command line prints them."""
    low, high = metrics.interval_95
    errors = ", ".join(
        f"{name}: {count}"
        for name, count in zip(class_names, metrics.errors_per_class, strict=True)
    )
    return (
        f"Test loss: {metrics.loss:.2f}. Test accuracy: {100 * metrics.accuracy:.2f}%\n"
        f"95 % confidence interval (Wilson): {100 * low:.2f}% to {100 * high:.2f}%, "
        f"{metrics.images:,} images\n"
        f"Errors per class: {errors} ({sum(metrics.errors_per_class):,} in total)"
    )


def negative_log_likelihood(predictions: Predictions) -> float:
    """Return the mean of -log(probability of the true class), in nats."""
    of_labels = predictions.log_probabilities[np.arange(len(predictions)), predictions.known_labels]
    return float((0 - of_labels).mean(dtype=np.float64))  # -x would be -0.0 where x is 0


def confusion_matrix(labels: NDArray[np.int64], predicted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return counts (10, 10): rows are true classes, columns are predicted classes."""
    pairs = np.bincount(labels * CLASSES + predicted, minlength=CLASSES**2)
    return pairs.reshape(CLASSES, CLASSES)


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a proportion.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical
    inference", JASA 22, 1927. Unlike the normal approximation it holds near 0 and 1.
    """
    z2 = NormalDist().inv_cdf(0.975) ** 2
    middle = (successes + z2 / 2) / (trials + z2)
    half = math.sqrt(z2 * (successes * (trials - successes) / trials + z2 / 4)) / (trials + z2)
    # At the ends the bounds are exact, but for rounding.
    low = middle - half if successes else 0.0
    return low, middle + half if successes < trials else 1.0


def class_metrics(
    confusion: Sequence[Sequence[int]], class_names: Sequence[str]
) -> tuple[ClassMetrics, ...]:
    """Return the figures of each class.

    Args:
        confusion: counts; rows are true classes, columns are predicted classes.
        class_names: what the classes are called.
    """
    counts = np.array(confusion)
    correct, true, predicted = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    precision = correct / np.maximum(predicted, 1)
    recall = correct / np.maximum(true, 1)
    f1 = 2 * correct / np.maximum(true + predicted, 1)
    return tuple(
        ClassMetrics(name, int(true[at]), float(precision[at]), float(recall[at]), float(f1[at]))
        for at, name in enumerate(class_names)
    )


def confused_pairs(confusion: Sequence[Sequence[int]]) -> tuple[ConfusedPair, ...]:
    """Return at most six pairs of classes that are mistaken for each other, most frequent first."""
    counts = np.array(confusion)
    both = np.triu(counts + counts.T, k=1)
    order = np.argsort(-both, axis=None, kind="stable")[:MOST_CONFUSED]
    pairs = zip(*np.unravel_index(order, both.shape), strict=True)
    return tuple(
        ConfusedPair((int(a), int(b)), (int(counts[a, b]), int(counts[b, a])))
        for a, b in pairs
        if both[a, b]
    )


def find_errors(predictions: Predictions) -> tuple[Misclassified, ...]:
    """Return the misclassified images, the least probable true class first."""
    labels, probabilities = predictions.known_labels, predictions.probabilities
    of_labels = predictions.log_probabilities[np.arange(len(labels)), labels]
    wrong = np.flatnonzero(~predictions.correct)
    return tuple(
        Misclassified(
            index=int(index),
            label=int(labels[index]),
            predicted=int(predictions.predicted[index]),
            confidence=float(predictions.confidence[index]),
            label_probability=float(probabilities[index, labels[index]]),
        )
        for index in wrong[np.argsort(of_labels[wrong], kind="stable")]
    )
