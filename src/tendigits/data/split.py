"""Holding out validation images: stratified by class and fixed by the seed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.data.dataset import CLASSES
from tendigits.errors import DataError


@dataclass(frozen=True, eq=False)
class Split:
    """Which of the training images are learnt from and which are held out for validation.

    Attributes:
        train: (n,) int64, ascending indices of the images to learn from.
        validation: (m,) int64, ascending indices of the images held out; disjoint from `train`.
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]


def stratified_split(labels: NDArray[np.int64], fraction: float, seed: int) -> Split:
    """Hold out `fraction` of the examples, each class in proportion, drawn by `seed`.

    Args:
        labels: (n,) labels from 0 to 9.
        fraction: the part to hold out, from 0 up to but not including 1.
        seed: the same seed gives the same split.

    Raises:
        DataError: nothing would be left on one side.
    """
    total = round(len(labels) * fraction)
    if fraction > 0 and not 0 < total < len(labels):
        raise DataError(
            f"{len(labels)} training images cannot be split with validation_fraction = {fraction}; "
            "give more images or another fraction."
        )
    counts = _apportion(np.bincount(labels, minlength=CLASSES), total)
    generator = np.random.default_rng(seed)
    held_out = np.zeros(len(labels), dtype=bool)
    for digit, count in enumerate(counts):
        held_out[generator.permutation(np.flatnonzero(labels == digit))[:count]] = True
    return Split(train=np.flatnonzero(~held_out), validation=np.flatnonzero(held_out))


def _apportion(class_counts: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Fraction `total` among the classes in proportion, largest remainders first."""
    exact = class_counts * total / class_counts.sum()
    shares: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    missing = total - shares.sum()
    shares[np.argsort(shares - exact, kind="stable")[:missing]] += 1
    return shares
