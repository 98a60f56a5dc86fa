"""Batches of scaled, perhaps distorted images, in an order that the seed and the epoch fix."""

import time
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tendigits.networks.inputs import scaled
from tendigits.recipes import AugmentationSettings
from tendigits.training.augmentation import augment


def epoch_order(indices: NDArray[np.int64], seed: int, epoch: int) -> Tensor:
    """Return `indices` shuffled for `epoch`: the same for the same seed, also after a resume."""
    return torch.from_numpy(np.random.default_rng([seed, epoch]).permutation(indices))


def epoch_generator(seed: int, epoch: int, device: torch.device) -> torch.Generator:
    """Return the random state of an epoch's distortions: the same also after a resume."""
    state = np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0]
    return torch.Generator(device).manual_seed(int(state >> np.uint64(1)))


def batches(
    images: Tensor, labels: Tensor, order: Tensor, batch_size: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (images (b, 1, 28, 28) float32 in [0, 1], labels (b,) int64) in `order`."""
    for chosen in torch.split(order, batch_size):
        yield scaled(images.index_select(0, chosen)), labels.index_select(0, chosen)


class TrainingBatches:
    """An epoch's batches, distorted, with the time that making them took.

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
