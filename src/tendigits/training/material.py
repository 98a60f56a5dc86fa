"""What a network learns from: the data set's images, and what is drawn beside them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.datasets import CLASSES, Examples
from tendigits.outliers import draw_outliers
from tendigits.training.european import draw_european
from tendigits.training.run import Run

NO_DIGIT = CLASSES  # the label of what is no digit


@dataclass(frozen=True, eq=False)
class Material:
    """Labelled images, some of which are learnt from.

    Attributes:
        images: (n, 28, 28) uint8: the data set's training part, then what is drawn.
        labels: (n,) int64: 0 to 9, and 10 for what is no digit.
        learnt: the indices of the images to learn from.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    learnt: NDArray[np.int64]


def learning_material(run: Run, examples: Examples) -> Material:
    """Return what the run's recipe learns from; pieces of images held out are not among it."""
    learnt = run.split.train
    drawn, labels = _drawn(run, Examples(examples.images[learnt], examples.labels[learnt]))
    if not len(drawn):
        return Material(examples.images, examples.labels, learnt)
    return Material(
        images=np.concatenate([examples.images, drawn]),
        labels=np.concatenate([examples.labels, labels]),
        learnt=np.concatenate([learnt, len(examples) + np.arange(len(drawn))]),
    )


def _drawn(run: Run, digits: Examples) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the frames that the recipe wants beside the data set, and their labels."""
    recipe = run.recipe
    outliers = recipe.outliers.count if recipe.outliers else 0
    european = draw_european(recipe.european, digits, recipe.seed)
    return (
        np.concatenate([draw_outliers(outliers, digits, recipe.seed), european.images]),
        np.concatenate([np.full(outliers, NO_DIGIT), european.labels]),
    )
