"""Answering only what one is sure of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHARES = (1.0, 0.999, 0.998, 0.995, 0.99, 0.98, 0.95, 0.9, 0.8, 0.5)


@dataclass(frozen=True)
class Answered:
    """What is got right when only the surest answers are given.

    Attributes:
        share: how many of all are answered.
        accuracy: the share of right ones among them.
        threshold: the least confidence among them.
    """

    share: float
    accuracy: float
    threshold: float


def selective_accuracy(
    confidences: NDArray[np.floating], right: NDArray[np.bool_]
) -> tuple[Answered, ...]:
    """Return the accuracy where from all to half of the images are answered, the surest first.

    Source: Y. Geifman, R. El-Yaniv, "Selective classification for deep neural networks",
    NeurIPS 2017.

    Args:
        confidences: (n,), the probability of each answer.
        right: (n,), whether it was right.
    """
    order = np.argsort(-confidences, kind="stable")
    counts = np.arange(1, len(order) + 1)
    accuracies = np.cumsum(right[order]) / counts
    last = [max(1, round(share * len(order))) - 1 for share in SHARES]
    return tuple(
        Answered(share, float(accuracies[at]), float(confidences[order[at]]))
        for share, at in zip(SHARES, last, strict=True)
    )
