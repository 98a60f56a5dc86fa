"""From a name or a path to a recogniser."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor

from tendigits.datasets import IMAGE_SIZE, load_dataset
from tendigits.datasets.catalogue import DIGITS
from tendigits.errors import ModelError
from tendigits.evaluation.recogniser.foreign import find_form, foreign_logits
from tendigits.evaluation.recogniser.graph import count_weights, to_torch
from tendigits.evaluation.recogniser.recogniser import Network, Origin, Recogniser
from tendigits.evaluation.recogniser.torch_logits import torch_logits
from tendigits.evaluation.validate import Validation
from tendigits.files import sha256_of
from tendigits.networks import count_multiply_adds, count_parameters
from tendigits.reading.model_file import (
    LOGITS,
    Model,
    describes_itself,
    load_model_bytes,
    model_bytes,
    open_session,
    scaled,
    shipped_models,
)
from tendigits.training import Run, load_network, load_run
from tendigits.training.record import read_record
from tendigits.training.run import settings_without_paths


def load_recogniser(source: str | Path) -> Recogniser:
    """Load what is to be measured.

    Args:
        source: a run folder, a model file, a shipped model's name, or an ONNX file of someone
            else's that takes 28x28 images and gives ten scores.

    Raises:
        ModelError: the file cannot be used, or tells other things than the ten digits.
        RunError: the folder holds no trained run.
    """
    path = shipped_models().get(str(source), Path(source))
    recogniser = _from_run(load_run(path)) if path.is_dir() else _from_file(path)
    if recogniser.class_names != DIGITS:
        raise ModelError(
            f"{source} tells {', '.join(recogniser.class_names)}; a report is on recognisers of "
            "the ten digits. Leave out --full to repeat its own test."
        )
    return recogniser


def _from_run(run: Run) -> Recogniser:
    network = load_network(run)
    validation = read_record(run.validation, Validation) if run.validation.exists() else None
    environment = run.environment
    return Recogniser(
        name=run.folder.name,
        class_names=run.data.class_names,
        logits=torch_logits(network),
        network=network,
        temperature=validation.temperature if validation else None,
        threshold=validation.threshold if validation else 0.0,
        parameters=count_parameters(network),
        multiply_adds=count_multiply_adds(network),
        bytes=run.weights.stat().st_size,
        origin=Origin(
            kind="run",
            file=run.folder.name,
            sha256=sha256_of(run.weights),
            description=run.recipe.description,
            recipe=settings_without_paths(run),
            data=run.data.name,
            data_sha256=run.data.sha256,
            made_with={
                "machine": f"{environment.cpu}, {environment.threads} threads, "
                f"{environment.device}, {environment.precision}",
                "system": environment.system,
                "started": environment.started,
                "revision": environment.git_revision or "unknown",
                "python": environment.python,
                **environment.versions,
            },
            assumptions=(),
        ),
    )


def _from_file(path: Path) -> Recogniser:
    data = model_bytes(path)
    if describes_itself(data, str(path)):
        return _from_model(load_model_bytes(data, str(path)), data, path.name)
    session = open_session(data, str(path))
    form = find_form(session, load_dataset("mnist").train, str(path))
    proto = onnx.load_model_from_string(data)
    raw = to_torch(proto, form.output)

    def network(images: Tensor) -> Tensor:
        assert raw is not None
        scores = raw((images * form.times + form.plus).reshape(-1, *form.shape))
        return scores.clamp_min(1e-30).log() if form.probabilities else scores

    fits = raw is not None and form.type is np.float32 and form.batch is None
    return Recogniser(
        name=path.stem,
        class_names=DIGITS,
        logits=foreign_logits(session, form),
        network=network if fits else None,
        temperature=None,
        threshold=0.0,
        parameters=count_weights(proto),
        multiply_adds=None,
        bytes=len(data),
        origin=Origin(
            kind="ONNX file of others",
            file=path.name,
            sha256=hashlib.sha256(data).hexdigest(),
            description=proto.doc_string,
            recipe={},
            data="not known",
            data_sha256={},
            made_with={"producer": f"{proto.producer_name} {proto.producer_version}".strip()},
            assumptions=form.assumptions,
        ),
    )


def _from_model(model: Model, data: bytes, file: str) -> Recogniser:
    info = model.info
    return Recogniser(
        name=info.name,
        class_names=info.classes,
        logits=lambda images: model.logits(scaled(images)),
        network=_network(data),
        temperature=info.temperature if info.validation_accuracy is not None else None,
        threshold=info.threshold,
        parameters=info.parameters,
        multiply_adds=info.multiply_adds,
        bytes=len(data),
        origin=Origin(
            kind="model file",
            file=file,
            sha256=hashlib.sha256(data).hexdigest(),
            description=info.description,
            recipe=info.recipe,
            data=info.data,
            data_sha256=info.data_sha256,
            made_with={"revision": info.git_revision or "unknown", **info.versions},
            assumptions=(),
        ),
    )


def _network(data: bytes) -> Network | None:
    """Return the file's network in torch, checked on a blank image; None where it cannot be."""
    network = to_torch(onnx.load_model_from_string(data), LOGITS)
    if network is not None:
        with torch.inference_mode():
            network(torch.zeros(1, 1, IMAGE_SIZE, IMAGE_SIZE))
    return network
