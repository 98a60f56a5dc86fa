"""Predictions of networks in torch: many images at once, on all cores or on a GPU."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tendigits.classifiers import Classifier, Logits, Origin
from tendigits.data.catalogue import DIGITS
from tendigits.networks.summary import count_multiply_adds, count_parameters

BATCH = 100  # fits into a core's cache
GPU_BATCH = 1000
NOT_STORED = Origin(
    kind="network",
    file="",
    sha256="",
    description="A network in memory.",
    recipe={},
    data="not known",
    data_sha256={},
    made_with={},
)


def classifier_of_network(
    network: nn.Module, temperature: float | None = None, threshold: float = 0.0
) -> Classifier:
    """Return a network as a classifier.

    Args:
        network: from images (n, 1, 28, 28) in [0, 1] to logits (n, 10) or (n, 11). It is not
            changed, so it can be in training.
        temperature: the divisor of the logits; None where it is not calibrated.
        threshold: digits with a lower probability are to be rejected.
    """
    parameters = count_parameters(network)
    return Classifier(
        name="network",
        class_names=DIGITS,
        logits=torch_logits(network),
        temperature=temperature,
        threshold=threshold,
        parameters=parameters,
        multiply_adds=count_multiply_adds(network),
        bytes=4 * parameters,
        origin=NOT_STORED,
        torch_network=lambda: network,
    )


def torch_logits(network: nn.Module) -> Logits:
    """Return a function from images (n, 28, 28) uint8 to logits (n, outputs) of `network`.

    It computes on the network's device, in evaluation mode, and leaves the network as it was.
    """

    @torch.inference_mode()
    def logits_of_batch(images: Tensor) -> Tensor:
        inputs = scaled(images.to(next(network.parameters()).device))
        logits: Tensor = network(inputs.to(memory_format=torch.channels_last))
        return logits.float().cpu()

    def logits(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        was_training = network.training
        network.eval()
        try:
            if next(network.parameters()).device.type == "cpu":
                return in_batches(logits_of_batch, images).numpy()
            batches = torch.split(_tensor(images), GPU_BATCH)
            return torch.cat([logits_of_batch(batch) for batch in batches]).numpy()
        finally:
            network.train(was_training)

    return logits


def in_batches(work: Callable[..., Tensor], *arrays: NDArray[np.generic]) -> Tensor:
    """Return the concatenated results of `work` for batches of arrays of one length.

    As many batches are computed at a time as torch has threads. Torch's own threads wait for each
    other after every operation; threads with a batch each do not, and are several times as fast
    when other programs run.
    """
    batches = [torch.split(_tensor(each), BATCH) for each in arrays]
    threads = torch.get_num_threads()
    if threads == 1:
        return torch.cat(list(map(work, *batches)))
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return torch.cat(list(pool.map(work, *batches)))
    finally:
        torch.set_num_threads(threads)  # the workers' setting is in part that of the process


def scaled(images: Tensor) -> Tensor:
    """Return grey levels (n, 28, 28) uint8 as (n, 1, 28, 28) float32 in [0, 1]."""
    return torch.div(images, 255).unsqueeze_(1)


def _tensor(array: NDArray[np.generic]) -> Tensor:
    return torch.from_numpy(np.require(array, requirements=["C", "W"]))  # torch warns of others
