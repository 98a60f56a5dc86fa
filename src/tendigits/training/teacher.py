"""A trained classifier whose answers a network learns from."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tendigits.classifiers import Classifier, load_model_file
from tendigits.data import Split, stratified_split
from tendigits.errors import RunError
from tendigits.files import sha256_of
from tendigits.recipes import DistillationSettings, Recipe
from tendigits.training.run import Run, load_network, load_run

Teacher = Callable[[Tensor], Tensor]


def load_teacher(run: Run) -> Teacher | None:
    """Return the run's teacher: from images (n, 1, 28, 28) to logits (n, 10).

    Raises:
        RunError: it cannot be read or has changed.
    """
    settings = run.recipe.distillation
    if settings is None:
        return None
    path = Path(settings.teacher)
    if settings.sha256 != teacher_sha256(settings):
        raise RunError(f"The teacher {path} has changed since the run was begun; train anew.")
    if path.is_dir():
        return _of_network(load_network(load_run(path)), run)
    return _of_model(load_model_file(path, run.environment.threads))


def with_pinned_teacher(recipe: Recipe, labels: NDArray[np.int64]) -> Recipe:
    """Return `recipe` with its teacher's absolute path and checksum, so that it is repeatable.

    Args:
        recipe: what is to be trained.
        labels: (n,), those of all its training images.

    Raises:
        RunError, ModelError: the teacher cannot be read.
        RunError: it has learnt from images that the recipe holds out.
    """
    settings = recipe.distillation
    if settings is None:
        return recipe
    split = stratified_split(labels, recipe.validation_fraction, recipe.seed)
    if len(split.validation) and _held_out_by_teacher(settings) != held_out_sha256(split):
        raise RunError(
            f"The teacher {settings.teacher} has learnt from images that this run holds out for "
            "validation; give one of the same seed and validation_fraction, or learn from all "
            "images (validation_fraction=0)."
        )
    pinned = settings.model_copy(
        update={
            "teacher": str(Path(settings.teacher).absolute()),
            "sha256": teacher_sha256(settings),
        }
    )
    return recipe.model_copy(update={"distillation": pinned})


def teacher_sha256(settings: DistillationSettings) -> str:
    """Return the SHA-256 of the teacher's model file, or of the weights in its run folder.

    Raises:
        RunError: there is no such file.
    """
    path = Path(settings.teacher)
    file = path / "weights.safetensors" if path.is_dir() else path
    try:
        return sha256_of(file)
    except OSError as error:
        raise RunError(
            f"The teacher {path} cannot be read ({file}: {error.strerror}); give a trained run "
            "folder or a model file as distillation.teacher."
        ) from error


def held_out_sha256(split: Split) -> str:
    """Return the SHA-256 of the indices that are held out, as int64 in little-endian order."""
    return hashlib.sha256(np.sort(split.validation).astype("<i8").tobytes()).hexdigest()


def _held_out_by_teacher(settings: DistillationSettings) -> str:
    path = Path(settings.teacher)
    teacher_sha256(settings)  # says what to give where there is nothing
    if path.is_dir():
        return held_out_sha256(load_run(path).split)
    info = load_model_file(path).info
    return info.held_out_sha256


def _of_network(network: nn.Module, run: Run) -> Teacher:
    device = torch.device(run.environment.device)
    precision = getattr(torch, run.environment.precision)
    network.to(device)

    def answer(images: Tensor) -> Tensor:
        with (
            torch.no_grad(),
            torch.autocast(device.type, precision, enabled=precision != torch.float32),
        ):
            logits: Tensor = network(images)
        return logits.float()

    return answer


def _of_model(model: Classifier) -> Teacher:
    def answer(images: Tensor) -> Tensor:
        levels: NDArray[np.uint8] = (images[:, 0] * 255).round().clamp(0, 255).byte().cpu().numpy()
        return torch.from_numpy(model.logits(levels)).to(images.device)

    return answer
