"""The training data of a run: the data set's images and synthetic ones, in batches by epoch."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tendigits.data import NON_DIGIT, LabelledImages, Split, stratified_split
from tendigits.data.dataset import split_last
from tendigits.networks.torch_classifier import scaled
from tendigits.recipes import AugmentationSettings, Recipe
from tendigits.training.augmentation import augment

# A correction that is repeated more often than this in an epoch is overfitted.
MAX_REPEATS = 100


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Labelled images, some of which are trained on.

    Attributes:
        images: (n, 28, 28) uint8: the data set's training part, then synthetic images.
        labels: (n,) int64: 0 to 9, and 10 for non-digits.
        indices: (m,) int64: the images to train on in an epoch; some can be repeated.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    indices: NDArray[np.int64]


def split_images(recipe: Recipe, labels: NDArray[np.int64]) -> Split:
    """Return which images are trained on; a finder's validation images are by other writers.

    Args:
        recipe: the fraction that is held out, and the seed.
        labels: (n,), those of all training images.
    """
    if recipe.pages is not None:
        return split_last(len(labels), recipe.validation_fraction)
    return stratified_split(labels, recipe.validation_fraction, recipe.seed)


def build_training_data(
    recipe: Recipe, data: LabelledImages, split: Split, corrections: LabelledImages | None = None
) -> TrainingData:
    """Return what `recipe` trains on; nothing in it is made from images that are held out.

    Args:
        recipe: how many images are drawn, and which fraction of an epoch are corrections.
        data: the training part of a data set.
        split: which of its images are trained on.
        corrections: those to train on when fine-tuning.
    """
    training = TrainingData(data.images, data.labels, split.train)
    if recipe.ood is not None or recipe.synthetic_digits:
        training = _with_drawn(training, recipe, data.subset(split.train))
    if corrections is not None and recipe.fine_tuning is not None:
        repeats = _repeats(len(corrections), len(training.indices), recipe.fine_tuning.fraction)
        training = _with(training, corrections, repeats)
    return training


def epoch_order(indices: NDArray[np.int64], seed: int, epoch: int) -> Tensor:
    """Return `indices` shuffled for `epoch`: the same for the same seed, also after a resume."""
    return torch.from_numpy(np.random.default_rng([seed, epoch]).permutation(indices))


def epoch_generator(seed: int, epoch: int, device: torch.device) -> torch.Generator:
    """Return the random state of an epoch's augmentation: the same also after a resume."""
    return torch.Generator(device).manual_seed(_epoch_seeds(seed, epoch)[0])


def seed_dropout(seed: int, epoch: int, device: torch.device) -> None:
    """Seed a GPU's own generator for an epoch, so that it is the same also after a resume.

    On a CPU, dropout draws from torch's random state, which a checkpoint keeps.
    """
    if device.type == "cuda":
        torch.cuda.manual_seed(_epoch_seeds(seed, epoch)[1])


def batch_sizes(images: int, batch_size: int) -> list[int]:
    """Return the sizes of an epoch's batches; a single image that is left joins the last batch.

    Batch normalisation cannot be trained on one value per channel.
    """
    full, left = divmod(images, batch_size)
    sizes = [batch_size] * full
    if left == 1 and sizes:
        sizes[-1] += 1
    elif left:
        sizes.append(left)
    return sizes


def batches(
    images: Tensor, labels: Tensor, order: Tensor, batch_size: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (images (b, 1, 28, 28) float32 in [0, 1], labels (b,) int64) in `order`."""
    for chosen in torch.split(order, batch_sizes(len(order), batch_size)):
        yield scaled(images.index_select(0, chosen)), labels.index_select(0, chosen)


class AugmentedBatches:
    """An epoch's batches with augmentation, and the time that it took to make them.

    Attributes:
        seconds: the time spent on making batches so far.
    """

    def __init__(
        self,
        plain: Iterator[tuple[Tensor, Tensor]],
        augmentation: AugmentationSettings | None,
        generator: torch.Generator,
    ) -> None:
        self.seconds = 0.0
        self._plain = plain
        self._augmentation = augmentation
        self._generator = generator

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (images (b, 1, 28, 28) float32 in [0, 1], labels (b,) int64)."""
        started = time.perf_counter()
        for images, labels in self._plain:
            inputs = images
            if self._augmentation is not None:
                inputs = augment(images, self._augmentation, self._generator)
            self.seconds += time.perf_counter() - started
            yield inputs, labels
            started = time.perf_counter()


def _epoch_seeds(seed: int, epoch: int) -> tuple[int, int]:
    """Return one for the augmentation and one for dropout."""
    states = np.random.SeedSequence([seed, epoch]).generate_state(2, np.uint64) >> np.uint64(1)
    return int(states[0]), int(states[1])


def _with_drawn(training: TrainingData, recipe: Recipe, digits: LabelledImages) -> TrainingData:
    """Return `training` with the drawings that `recipe` trains on, made from `digits`."""
    # Imported here: scipy takes half a second, and most recipes draw nothing.
    from tendigits.data.synthetic import draw_ood_images, draw_synthetic_digits  # noqa: PLC0415

    count = recipe.ood.count if recipe.ood else 0
    non_digits = draw_ood_images(count, digits, recipe.seed)
    training = _with(training, LabelledImages(non_digits, np.full(count, NON_DIGIT)))
    return _with(training, draw_synthetic_digits(recipe.synthetic_digits, digits, recipe.seed))


def _with(training: TrainingData, more: LabelledImages, repeats: int = 1) -> TrainingData:
    """Return `training` with more images to train on, each repeated in an epoch."""
    if not len(more):
        return training
    indices = len(training.images) + np.arange(len(more))
    return TrainingData(
        images=np.concatenate([training.images, more.images]),
        labels=np.concatenate([training.labels, more.labels]),
        indices=np.concatenate([training.indices, np.tile(indices, repeats)]),
    )


def _repeats(corrections: int, others: int, fraction: float) -> int:
    """Return how often each correction is repeated so that they are `fraction` of an epoch."""
    wanted = round(fraction / (1 - fraction) * others / max(corrections, 1))
    return min(max(1, wanted), MAX_REPEATS)
