"""What a network learns from: the data set's images, and perhaps frames that show no digit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.datasets import CLASSES, Examples
from tendigits.outliers import draw_outliers
from tendigits.training.run import Run

NO_DIGIT = CLASSES  # the label of what is no digit


@dataclass(frozen=True, eq=False)
class Material:
    """Labelled images, some of which are learnt from.

    Attributes:
        images: (n, 28, 28) uint8: the data set's training part, then the outliers.
        labels: (n,) int64: 0 to 9, and 10 for what is no digit.
        learnt: the indices of the images to learn from.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    learnt: NDArray[np.int64]


def learning_material(run: Run, examples: Examples) -> Material:
    """Return what the run's recipe learns from; pieces of images held out are not among it."""
    learnt = run.split.train
    if run.recipe.outliers is None:
        return Material(examples.images, examples.labels, learnt)
    count = run.recipe.outliers.count
    digits = Examples(examples.images[learnt], examples.labels[learnt])
    outliers = draw_outliers(count, digits, run.recipe.seed)
    return Material(
        images=np.concatenate([examples.images, outliers]),
        labels=np.concatenate([examples.labels, np.full(count, NO_DIGIT, np.int64)]),
        learnt=np.concatenate([learnt, len(examples) + np.arange(count)]),
    )
