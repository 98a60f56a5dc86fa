"""What a network learns from: the data set's images, and what is drawn beside them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.data import NON_DIGIT, LabelledImages
from tendigits.data.synthetic import draw_ood_images, draw_synthetic_digits
from tendigits.training.fine_tuning import learnable, load_start
from tendigits.training.run import Run

# A correction that is seen more often than this an epoch is learnt by heart.
MOST_REPEATS = 100


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


def learning_material(run: Run, examples: LabelledImages) -> Material:
    """Return what the run's recipe learns from; pieces of images held out are not among it."""
    digits = LabelledImages(examples.images[run.split.train], examples.labels[run.split.train])
    material = Material(examples.images, examples.labels, run.split.train)
    material = _with(material, *_drawn(run, digits))
    if run.recipe.fine_tuning is not None:
        learnt = learnable(load_start(run).corrections, run.recipe).learnt
        repeats = _repeats(len(learnt), len(material.learnt), run.recipe.fine_tuning.fraction)
        material = _with(material, learnt.frames, learnt.labels, repeats)
    return material


def _with(
    material: Material, images: NDArray[np.uint8], labels: NDArray[np.int64], repeats: int = 1
) -> Material:
    """Return `material` and more images to learn from, each so many times an epoch."""
    if not len(images):
        return material
    indices = len(material.images) + np.arange(len(images))
    return Material(
        images=np.concatenate([material.images, images]),
        labels=np.concatenate([material.labels, labels]),
        learnt=np.concatenate([material.learnt, np.tile(indices, repeats)]),
    )


def _drawn(run: Run, digits: LabelledImages) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the frames that the recipe wants beside the data set, and their labels."""
    recipe = run.recipe
    outliers = recipe.ood.count if recipe.ood else 0
    european = draw_synthetic_digits(recipe.synthetic_digits, digits, recipe.seed)
    return (
        np.concatenate([draw_ood_images(outliers, digits, recipe.seed), european.images]),
        np.concatenate([np.full(outliers, NON_DIGIT), european.labels]),
    )


def _repeats(corrections: int, others: int, share: float) -> int:
    """Return how often each correction is learnt from an epoch, so that they are `share` of it."""
    wanted = round(share / (1 - share) * others / max(corrections, 1))
    return min(max(1, wanted), MOST_REPEATS)
