"""Whether two classifiers differ by more than chance."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from scipy.special import bdtr


@dataclass(frozen=True)
class McNemar:
    """The test of two classifiers on the same images.

    Attributes:
        first_alone: how many images only the first got wrong.
        second_alone: how many images only the second got wrong.
        p_value: how probable so uneven a split is where both are equally good.
    """

    first_alone: int
    second_alone: int
    p_value: float


def mcnemar(first_wrong: Collection[int], second_wrong: Collection[int]) -> McNemar:
    """Compare two classifiers by the images that only one of them gets wrong (exact, two-sided).

    Source: Q. McNemar, "Note on the sampling error of the difference between correlated
    proportions or percentages", Psychometrika 12, 1947; for classifiers: T. Dietterich,
    "Approximate statistical tests for comparing supervised classification learning algorithms",
    Neural Computation 10, 1998.

    Args:
        first_wrong: the indices of the images that the first gets wrong.
        second_wrong: those of the second, on the same images.
    """
    first, second = set(first_wrong), set(second_wrong)
    alone = len(first - second), len(second - first)
    tail = float(bdtr(min(alone), sum(alone), 0.5))  # of the binomial distribution
    p_value = min(1.0, 2 * tail)
    return McNemar(*alone, p_value)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number: of many tests some come out by chance.

    Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
    Journal of Statistics 6, 1979.
    """
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[at]))
        corrected[at] = highest
    return corrected
