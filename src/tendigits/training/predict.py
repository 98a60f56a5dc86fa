"""Answers of a trained network to images."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from tendigits.data import CLASSES, IMAGE_SIZE
from tendigits.errors import DataError
from tendigits.networks.inputs import scaled
from tendigits.training.run import Run, load_network, load_run

_BATCH = 1000


@dataclass(frozen=True, eq=False)
class Prediction:
    """Answers to n images.

    Attributes:
        digits: (n,) int64, the most probable class of each.
        probabilities: (n, 10) float32, each row sums to 1, or to less where the network can reject:
            what is missing is the probability that it is no digit.
    """

    digits: NDArray[np.int64]
    probabilities: NDArray[np.float32]


def predict(run: Run | str | Path, images: NDArray[np.uint8]) -> Prediction:
    """Read images with a run's trained network.

    Args:
        run: a run or the path of its folder.
        images: (n, 28, 28) or (28, 28) uint8 as MNIST has them: 0 for paper, 255 for full ink.

    Raises:
        DataError: the images are of another shape or type.
        RunError: there is no trained run.
    """
    if images.ndim == 2:
        images = images[np.newaxis]
    if images.shape[1:] != (IMAGE_SIZE, IMAGE_SIZE) or images.dtype != np.uint8:
        raise DataError(
            f"The images are {images.dtype} of shape {images.shape}; give uint8 of shape "
            f"(n, {IMAGE_SIZE}, {IMAGE_SIZE}), 0 for paper and 255 for full ink."
        )
    run = run if isinstance(run, Run) else load_run(run)
    answers = log_probabilities(load_network(run), images)[:, :CLASSES]
    return Prediction(digits=answers.argmax(axis=1), probabilities=np.exp(answers))


@torch.inference_mode()
def log_probabilities(network: nn.Module, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return log probabilities (n, outputs) for images (n, 28, 28) uint8.

    The first ten columns are the digits; an eleventh is what is no digit.
    """
    network.eval()
    tensor = torch.from_numpy(np.require(images, requirements=["C", "W"]))  # torch warns of others
    batches = torch.split(tensor, _BATCH)
    parts = [functional.log_softmax(network(scaled(batch)), dim=1) for batch in batches]
    return torch.cat(parts).numpy() if parts else np.empty((0, 10), dtype=np.float32)
