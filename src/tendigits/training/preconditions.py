"""What is checked before a run folder is made: the device, and what processes can share."""

import os

import torch
from torch import nn

from tendigits.errors import RunError
from tendigits.networks import build_classifier
from tendigits.recipes import Recipe
from tendigits.training import started_processes
from tendigits.training.environment import Environment


def reject_untrainable(recipe: Recipe, environment: Environment) -> None:
    """Reject a run that cannot be trained by this process, or by all that torchrun has started.

    Raises:
        RunError: it is on CUDA, and there is none or too few GPUs; or processes cannot share it.
    """
    is_on_cuda = environment.device == "cuda"
    if is_on_cuda and not torch.cuda.is_available():
        raise RunError(
            "The run was started on CUDA, which is not available here; resume it on a machine with "
            "a GPU."
        )
    if started_processes() == 1:
        return
    if recipe.pages is not None:
        raise RunError("A finder is trained in one process; leave out torchrun.")
    if any(
        isinstance(each, nn.BatchNorm1d | nn.Dropout) for each in build_classifier(recipe).modules()
    ):
        raise RunError(
            "torchrun cannot share batch_norm after linear layers, or dropout; train in one "
            "process."
        )
    processes, devices = int(os.environ["LOCAL_WORLD_SIZE"]), torch.cuda.device_count()
    if is_on_cuda and processes > devices:
        raise RunError(
            f"{processes} processes need as many GPUs, and this machine has {devices}; use "
            f"--nproc-per-node {devices} or --device cpu."
        )
