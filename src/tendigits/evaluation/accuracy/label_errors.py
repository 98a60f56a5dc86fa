"""The errors of MNIST's own test labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.evaluation.accuracy.metrics import wilson_interval


@dataclass(frozen=True)
class LabelError:
    """A test image whose label people do not see in it.

    Attributes:
        index: which image of MNIST's test set.
        given: its label.
        seen: what most of the people saw; None where they saw neither the label nor the digit
            that was proposed instead, or were split.
        verdict: `other`: most saw another digit; `neither`: most saw neither of the two that
            were proposed; `split`: they did not agree.
        proposed: the digit that was proposed to them beside the label.
    """

    index: int
    given: int
    seen: int | None
    verdict: str
    proposed: int


# 100 doubtful test images were shown to 5 people each; in these 15 the label lost. Source:
# C. Northcutt, A. Athalye, J. Mueller, "Pervasive label errors in test sets destabilize machine
# learning benchmarks", NeurIPS 2021 (data sets and benchmarks); https://labelerrors.com.
_OTHER = {
    947: (8, 9),
    1621: (0, 6),
    1901: (9, 4),
    2462: (2, 0),
    2597: (5, 3),
    3558: (5, 0),
    5937: (5, 3),
    6651: (0, 6),
    6783: (1, 6),
    9729: (5, 6),
}
_NEITHER = {2654: (6, 1), 3520: (6, 4), 9679: (6, 3)}
_SPLIT = {2130: (4, 9), 8527: (4, 9)}
LABEL_ERRORS = tuple(
    sorted(
        [
            *(LabelError(i, given, seen, "other", seen) for i, (given, seen) in _OTHER.items()),
            *(LabelError(i, given, None, "neither", p) for i, (given, p) in _NEITHER.items()),
            *(LabelError(i, given, None, "split", p) for i, (given, p) in _SPLIT.items()),
        ],
        key=lambda error: error.index,
    )
)


@dataclass(frozen=True)
class Corrected:
    """The accuracy on MNIST's test set, its own errors considered.

    Attributes:
        without: the share of right answers without the 15 images.
        without_interval_95: its 95 % interval (Wilson).
        without_images: how many images are left then.
        relabelled: the share of right answers on all images, ten of them with the digit that
            people see.
        relabelled_interval_95: its 95 % interval (Wilson).
        answers: what was answered to each of the 15, in the order of their indices.
    """

    without: float
    without_interval_95: tuple[float, float]
    without_images: int
    relabelled: float
    relabelled_interval_95: tuple[float, float]
    answers: tuple[int, ...]


def correct_labels(answers: NDArray[np.int64], labels: NDArray[np.int64]) -> Corrected:
    """Return the accuracy of `answers` to MNIST's 10,000 test images, its own errors considered.

    Args:
        answers: (10000,), in the order of the test set.
        labels: (10000,), as published.
    """
    doubtful = np.array([error.index for error in LABEL_ERRORS])
    kept = np.ones(len(labels), bool)
    kept[doubtful] = False
    right_kept, images = int((answers == labels)[kept].sum()), int(kept.sum())
    seen = labels.copy()
    for error in LABEL_ERRORS:
        if error.seen is not None:
            seen[error.index] = error.seen
    right_seen = int((answers == seen).sum())
    return Corrected(
        without=right_kept / images,
        without_interval_95=wilson_interval(right_kept, images),
        without_images=images,
        relabelled=right_seen / len(labels),
        relabelled_interval_95=wilson_interval(right_seen, len(labels)),
        answers=tuple(answers[doubtful].tolist()),
    )
