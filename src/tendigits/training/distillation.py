"""Distillation: a trained classifier, the teacher, whose predictions a network is trained on."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tendigits.classifiers import load_model_file
from tendigits.classifiers.model_file import (
    INPUT,
    LOGITS,
    load_model_bytes,
    open_session,
    read_model,
)
from tendigits.data import CLASSES, Split, stratified_split
from tendigits.errors import RunError
from tendigits.files import sha256_of
from tendigits.networks import count_outputs
from tendigits.networks.onnx_graph import to_torch
from tendigits.recipes import DistillationSettings, Recipe
from tendigits.training.fit import Teacher
from tendigits.training.run_folder import load_network, load_run


def load_teacher(
    settings: DistillationSettings, device: torch.device, precision: torch.dtype
) -> Teacher:
    """Return a function from images (n, 1, 28, 28) in [0, 1] to the teacher's logits.

    Args:
        settings: the teacher.
        device: where the images are and the teacher is run.
        precision: the type of its matrix products.

    Raises:
        RunError: the teacher cannot be read, or has changed.
        ModelError: its model file is damaged.
    """
    path = _path_of(settings)
    if settings.sha256 not in (None, teacher_sha256(settings)):
        raise RunError(f"The teacher {path} has changed since the run was started; train again.")
    if path.is_dir():
        return as_teacher(load_network(load_run(path)), device, precision)
    # The weights of a model file stay in float32.
    return as_teacher(_of_model_file(path), device, torch.float32)


def as_teacher(
    network: nn.Module | Teacher, device: torch.device, precision: torch.dtype
) -> Teacher:
    """Return a function from images (n, 1, 28, 28) in [0, 1] to the logits of a network.

    Args:
        network: is put into evaluation mode on `device`.
        device: where the images are.
        precision: the type of its matrix products.
    """
    if isinstance(network, nn.Module):
        network = network.eval().to(device)

    @torch.no_grad()
    def teacher(images: Tensor) -> Tensor:
        with torch.autocast(device.type, precision, enabled=precision != torch.float32):
            logits = network(images)
        return logits.float()

    return teacher


def with_pinned_teacher(recipe: Recipe, labels: NDArray[np.int64]) -> Recipe:
    """Return `recipe` with the absolute path and the checksum of its teacher.

    Args:
        recipe: what is to be trained.
        labels: (n,), those of all its training images.

    Raises:
        RunError: the teacher cannot be read, has other outputs, or was trained on images that the
            recipe holds out.
        ModelError: its model file is damaged.
    """
    settings = recipe.distillation
    if settings is None or settings.teacher is None:
        return recipe
    path = _path_of(settings)
    pinned = settings.model_copy(
        update={
            "teacher": str(path.absolute()),
            "sha256": teacher_sha256(settings),
        }
    )
    check_outputs(recipe)
    split = stratified_split(labels, recipe.validation_fraction, recipe.seed)
    if len(split.validation) and _held_out_by_teacher(settings) != held_out_sha256(split):
        raise RunError(
            f"The teacher {path} was trained on images that this run holds out for "
            "validation; choose one with the same seed and validation_fraction, or train on all "
            "images (validation_fraction=0)."
        )
    return recipe.model_copy(update={"distillation": pinned})


def check_outputs(recipe: Recipe) -> None:
    """Check that the teacher of `recipe`, if it names one, has the outputs of its network.

    Raises:
        RunError: it has others, or cannot be read.
        ModelError: its model file is damaged.
    """
    settings = recipe.distillation
    if settings is None or settings.teacher is None:
        return
    path, outputs = _path_of(settings), count_outputs(recipe)
    if path.is_dir():
        run = load_run(path)
        if run.recipe.pages is not None:
            raise RunError(f"The teacher {path} is a finder; give a classifier.")
        load_network(run)  # raises where it is not trained
        found = count_outputs(run.recipe)
    else:
        found = CLASSES + load_model_bytes(read_model(path), str(path), threads=1).info.rejects
    if found != outputs:
        raise RunError(
            f"The teacher {path} has {found} outputs and the recipe {outputs}; train both with "
            "[ood], or both without it."
        )


def teacher_sha256(settings: DistillationSettings) -> str:
    """Return the SHA-256 of the teacher's model file, or of the weights in its run folder.

    Raises:
        RunError: there is no such file.
    """
    path = _path_of(settings)
    file = path / "weights.safetensors" if path.is_dir() else path
    try:
        return sha256_of(file)
    except OSError as error:
        raise RunError(
            f"The teacher {path} cannot be read ({file}: {error.strerror}); give the folder of a "
            "trained run or a model file as distillation.teacher."
        ) from error


def held_out_sha256(split: Split) -> str:
    """Return the SHA-256 of the sorted validation indices, as int64 in little-endian order."""
    return hashlib.sha256(np.sort(split.validation).astype("<i8").tobytes()).hexdigest()


def _held_out_by_teacher(settings: DistillationSettings) -> str:
    path = _path_of(settings)
    if path.is_dir():
        return held_out_sha256(load_run(path).split)
    return load_model_file(path).info.held_out_sha256


def _path_of(settings: DistillationSettings) -> Path:
    assert settings.teacher is not None  # members teach without a path
    return Path(settings.teacher)


def _of_model_file(path: Path) -> Teacher:
    data = read_model(path)
    load_model_bytes(data, str(path), threads=1)  # raises where it is damaged
    network = to_torch(onnx.load_model_from_string(data), LOGITS)
    if network is not None:
        return network
    session = open_session(data, str(path), torch.get_num_threads())  # 8 bits, for example

    def run(images: Tensor) -> Tensor:
        (logits,) = session.run([LOGITS], {INPUT: images.float().cpu().numpy()})
        return torch.from_numpy(logits).to(images.device)

    return run
