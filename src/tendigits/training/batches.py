"""Batches of scaled images, in an order that the seed and the epoch fix."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def epoch_order(indices: NDArray[np.int64], seed: int, epoch: int) -> Tensor:
    """Return `indices` shuffled for `epoch`: the same for the same seed, also after a resume."""
    return torch.from_numpy(np.random.default_rng([seed, epoch]).permutation(indices))


def scaled(images: Tensor) -> Tensor:
    """Return grey levels (n, 28, 28) uint8 as (n, 1, 28, 28) float32 in [0, 1]."""
    return torch.div(images, 255).unsqueeze_(1)


def batches(
    images: Tensor, labels: Tensor, order: Tensor, batch_size: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (images (b, 1, 28, 28) float32 in [0, 1], labels (b,) int64) in `order`."""
    for chosen in torch.split(order, batch_size):
        yield scaled(images.index_select(0, chosen)), labels.index_select(0, chosen)
