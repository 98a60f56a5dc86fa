"""Detection of out-of-distribution (OOD) images by the confidence of the predictions."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.classifiers import Predictions

Scores = NDArray[np.floating]

_RECALL = 0.95


@dataclass(frozen=True)
class OODSet:
    """How well digits are distinguished from one set of OOD images.

    Attributes:
        name: what the images show, or the name of the data set.
        images: the number of OOD images.
        auroc: the probability that a digit has a higher confidence than an OOD image.
        aupr_digits: the average precision of detecting digits.
        aupr_ood: the average precision of detecting OOD images.
        fpr_95: the fraction of OOD images accepted at the threshold that accepts 95 % of digits.
        rejected: the fraction of OOD images that the classifier's own threshold rejects.
    """

    name: str
    images: int
    auroc: float
    aupr_digits: float
    aupr_ood: float
    fpr_95: float
    rejected: float


@dataclass(frozen=True)
class OODDetection:
    """Detection of OOD images by the confidence of the predictions.

    Attributes:
        digits: the number of digits that each set is compared with.
        threshold: predictions with a lower confidence are rejected.
        digits_rejected: the fraction of the digits that is rejected.
        sets: the sets that come with the package, the same in every report.
        mean_auroc: the mean over these sets.
        data_sets: the data sets that were named for this report.
    """

    digits: int
    threshold: float
    digits_rejected: float
    sets: tuple[OODSet, ...]
    mean_auroc: float
    data_sets: tuple[OODSet, ...]


def measure_ood(
    digits: Predictions,
    sets: Mapping[str, Predictions],
    data_sets: Mapping[str, Predictions],
    threshold: float,
) -> OODDetection:
    """Measure how well confidence distinguishes digits from OOD images.

    Args:
        digits: the predictions for digits.
        sets: the predictions for each set of OOD images that comes with the package, by name.
        data_sets: the predictions for each further data set of OOD images, by name.
        threshold: predictions with a lower confidence are rejected.
    """
    measured, further = (
        tuple(measure_ood_set(name, digits, ood, threshold) for name, ood in each.items())
        for each in (sets, data_sets)
    )
    return OODDetection(
        digits=len(digits),
        threshold=threshold,
        digits_rejected=float((digits.confidence < threshold).mean()),
        sets=measured,
        mean_auroc=float(np.mean([each.auroc for each in measured])),
        data_sets=further,
    )


def measure_ood_set(name: str, digits: Predictions, ood: Predictions, threshold: float) -> OODSet:
    """Measure how well confidence distinguishes digits from one set of OOD images.

    Source: D. Hendrycks, K. Gimpel, "A baseline for detecting misclassified and
    out-of-distribution examples in neural networks", ICLR 2017.
    """
    return OODSet(
        name=name,
        images=len(ood),
        auroc=auroc(digits.confidence, ood.confidence),
        aupr_digits=average_precision(digits.confidence, ood.confidence),
        aupr_ood=average_precision(-ood.confidence, -digits.confidence),
        fpr_95=false_positive_rate(digits.confidence, ood.confidence),
        rejected=float((ood.confidence < threshold).mean()),
    )


def auroc(positives: Scores, negatives: Scores) -> float:
    """Return the area under the ROC curve: Mann and Whitney's U over its maximum."""
    from scipy.stats import rankdata  # noqa: PLC0415 - it takes half a second

    ranks = rankdata(np.concatenate([positives, negatives]))[: len(positives)]
    u = ranks.sum() - len(positives) * (len(positives) + 1) / 2
    return float(u / (len(positives) * len(negatives)))


def average_precision(positives: Scores, negatives: Scores) -> float:
    """Return the precision at each threshold, weighted by the recall that it adds."""
    thresholds, places = np.unique(np.concatenate([positives, negatives]), return_inverse=True)
    found, false = (
        np.bincount(each, minlength=len(thresholds))[::-1]
        for each in np.split(places, [len(positives)])
    )
    precision = np.cumsum(found) / np.cumsum(found + false)
    return float((precision * found).sum() / len(positives))


def false_positive_rate(positives: Scores, negatives: Scores) -> float:
    """Return the fraction of negatives at the highest threshold that 95 % of positives reach."""
    needed = int(np.ceil(_RECALL * len(positives)))
    threshold = np.sort(positives)[len(positives) - needed]
    return float((negatives >= threshold).mean())
