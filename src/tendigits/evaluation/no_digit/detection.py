"""How well a score tells what belongs from what does not."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

RECALL = 0.95
Scores = NDArray[np.floating]


@dataclass(frozen=True)
class Detection:
    """How well digits are told from what is none.

    Attributes:
        auroc: the chance that a digit scores higher than what is none.
        aupr_digits: the average precision with which digits are found.
        aupr_others: the average precision with which what is none is found.
        fpr_95: the share of what is none that passes where 95 % of the digits do.
    """

    auroc: float
    aupr_digits: float
    aupr_others: float
    fpr_95: float


def detection(digits: Scores, others: Scores) -> Detection:
    """Measure scores that ought to be high for digits and low for what is none.

    Source: D. Hendrycks, K. Gimpel, "A baseline for detecting misclassified and
    out-of-distribution examples in neural networks", ICLR 2017.

    Args:
        digits: (n,), the scores of digits.
        others: (m,), the scores of what is none.
    """
    return Detection(
        auroc=auroc(digits, others),
        aupr_digits=average_precision(digits, others),
        aupr_others=average_precision(-others, -digits),
        fpr_95=false_positive_rate(digits, others),
    )


def auroc(digits: Scores, others: Scores) -> float:
    """Return the area under the ROC curve: Mann and Whitney's U over its maximum."""
    ranks = rankdata(np.concatenate([digits, others]))[: len(digits)]
    u = ranks.sum() - len(digits) * (len(digits) + 1) / 2
    return float(u / (len(digits) * len(others)))


def average_precision(wanted: Scores, others: Scores) -> float:
    """Return the precision at each threshold, weighted by the recall that it adds."""
    thresholds, places = np.unique(np.concatenate([wanted, others]), return_inverse=True)
    of_wanted = np.bincount(places[: len(wanted)], minlength=len(thresholds))[::-1]
    of_others = np.bincount(places[len(wanted) :], minlength=len(thresholds))[::-1]
    found = np.cumsum(of_wanted)
    precision = found / (found + np.cumsum(of_others))
    return float((precision * of_wanted).sum() / len(wanted))


def false_positive_rate(digits: Scores, others: Scores) -> float:
    """Return the share of others at the highest threshold that 95 % of the digits reach."""
    needed = int(np.ceil(RECALL * len(digits)))
    threshold = np.sort(digits)[len(digits) - needed]
    return float((others >= threshold).mean())
