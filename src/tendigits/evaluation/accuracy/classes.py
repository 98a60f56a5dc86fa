"""Each class by itself, and which are taken for which."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MOST_CONFUSED = 6


@dataclass(frozen=True)
class ClassFigures:
    """How well one class is told.

    Attributes:
        name: what the class is called.
        images: how many there are.
        precision: the share of the answers of this class that are right; 0 where there are none.
        recall: the share of its images that are told; 0 where there are none.
        f1: the harmonic mean of both; 0 where both are.
    """

    name: str
    images: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class ConfusedPair:
    """Two classes that are taken for one another.

    Attributes:
        classes: both, the smaller first.
        errors: how often the first was taken for the second, and the second for the first.
    """

    classes: tuple[int, int]
    errors: tuple[int, int]


def class_figures(
    confusion: Sequence[Sequence[int]], class_names: Sequence[str]
) -> tuple[ClassFigures, ...]:
    """Return the figures of each class.

    Args:
        confusion: a row a true class, a column an answer, each a count.
        class_names: what the classes are called.
    """
    counts = np.array(confusion)
    right, truths, answers = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    precision = right / np.maximum(answers, 1)
    recall = right / np.maximum(truths, 1)
    f1 = 2 * right / np.maximum(truths + answers, 1)
    return tuple(
        ClassFigures(name, int(truths[at]), float(precision[at]), float(recall[at]), float(f1[at]))
        for at, name in enumerate(class_names)
    )


def confused_pairs(confusion: Sequence[Sequence[int]]) -> tuple[ConfusedPair, ...]:
    """Return at most six pairs of classes that are taken for one another, most often first."""
    counts = np.array(confusion)
    both = np.triu(counts + counts.T, k=1)
    order = np.argsort(-both, axis=None, kind="stable")[:MOST_CONFUSED]
    pairs = zip(*np.unravel_index(order, both.shape), strict=True)
    return tuple(
        ConfusedPair((int(a), int(b)), (int(counts[a, b]), int(counts[b, a])))
        for a, b in pairs
        if both[a, b]
    )
