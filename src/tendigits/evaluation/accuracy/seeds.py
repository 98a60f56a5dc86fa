"""One recipe, several seeds: how far its accuracy varies."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_RESAMPLES = 10_000


@dataclass(frozen=True)
class Spread:
    """A figure over several runs that differ in their seed alone.

    Attributes:
        runs: n.
        mean: the mean.
        deviation: the standard deviation (n - 1).
        lowest: the least.
        highest: the greatest.
        interval_95: the mean's 95 % interval (percentile bootstrap, 10,000 resamples).
    """

    runs: int
    mean: float
    deviation: float
    lowest: float
    highest: float
    interval_95: tuple[float, float]


def spread(values: Sequence[float]) -> Spread:
    """Return how `values` of two or more runs vary.

    Source: B. Efron, R. Tibshirani, "An introduction to the bootstrap", 1993, chapter 13.
    """
    numbers = np.array(values)
    resamples = np.random.default_rng(0).choice(numbers, (_RESAMPLES, len(numbers)))
    low, high = np.quantile(resamples.mean(axis=1), [0.025, 0.975])
    return Spread(
        runs=len(numbers),
        mean=float(numbers.mean()),
        deviation=float(numbers.std(ddof=1)),
        lowest=float(numbers.min()),
        highest=float(numbers.max()),
        interval_95=(float(low), float(high)),
    )
