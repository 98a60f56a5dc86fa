"""The known errors of MNIST's test labels, and the accuracy without and with them corrected."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tendigits.classifiers import Predictions
from tendigits.evaluation.metrics import wilson_interval

Verdict = Literal["other", "neither", "split"]


@dataclass(frozen=True)
class LabelError:
    """A test image whose label people do not agree with.

    Attributes:
        index: its index in MNIST's test set.
        given: its label.
        seen: the digit that most people saw; None where there was none.
        verdict: `other`: most saw another digit; `neither`: most saw neither of the two that
            were proposed; `split`: they did not agree.
        proposed: the digit that was proposed to them besides the label.
    """

    index: int
    given: int
    seen: int | None
    verdict: Verdict
    proposed: int


def _error(index: int, given: int, proposed: int, verdict: Verdict = "other") -> LabelError:
    seen = proposed if verdict == "other" else None
    return LabelError(index, given, seen, verdict, proposed)


# 100 doubtful test images were shown to 5 people each; for these 15 the majority did not choose the
# label. Source: C. Northcutt, A. Athalye, J. Mueller, "Pervasive label errors in test sets
# destabilize machine learning benchmarks", NeurIPS 2021 (data sets and benchmarks);
# https://labelerrors.com.
LABEL_ERRORS = (
    _error(947, 8, 9),
    _error(1621, 0, 6),
    _error(1901, 9, 4),
    _error(2130, 4, 9, "split"),
    _error(2462, 2, 0),
    _error(2597, 5, 3),
    _error(2654, 6, 1, "neither"),
    _error(3520, 6, 4, "neither"),
    _error(3558, 5, 0),
    _error(5937, 5, 3),
    _error(6651, 0, 6),
    _error(6783, 1, 6),
    _error(8527, 4, 9, "split"),
    _error(9679, 6, 3, "neither"),
    _error(9729, 5, 6),
)


@dataclass(frozen=True)
class CorrectedAccuracy:
    """Accuracy on MNIST's test set with its 15 label errors taken into account.

    Attributes:
        images_without: the number of test images without the 15.
        without: the accuracy on these.
        without_interval_95: its 95 % confidence interval (Wilson).
        relabelled: the accuracy on all test images, ten of the 15 with the digit that most
            people saw as their label.
        relabelled_interval_95: its 95 % confidence interval (Wilson).
        predicted: the predicted class of each of the 15, by index.
    """

    images_without: int
    without: float
    without_interval_95: tuple[float, float]
    relabelled: float
    relabelled_interval_95: tuple[float, float]
    predicted: tuple[int, ...]


def correct_labels(predictions: Predictions) -> CorrectedAccuracy:
    """Return the accuracy on MNIST's 10,000 test images with label errors taken into account."""
    doubtful = np.array([error.index for error in LABEL_ERRORS])
    kept = np.delete(predictions.correct, doubtful)
    labels = predictions.known_labels.copy()
    for error in LABEL_ERRORS:
        labels[error.index] = error.given if error.seen is None else error.seen
    kept_correct = int(kept.sum())
    relabelled_correct = int((predictions.predicted == labels).sum())
    return CorrectedAccuracy(
        images_without=len(kept),
        without=kept_correct / len(kept),
        without_interval_95=wilson_interval(kept_correct, len(kept)),
        relabelled=relabelled_correct / len(labels),
        relabelled_interval_95=wilson_interval(relabelled_correct, len(labels)),
        predicted=tuple(predictions.predicted[doubtful].tolist()),
    )
