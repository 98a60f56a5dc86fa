"""From a run, a model file, a pretrained model's name or any ONNX file to a classifier."""

import hashlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tendigits.classifiers import Classifier, Origin, pretrained_models
from tendigits.classifiers.classifier import Logits, TorchNetwork
from tendigits.classifiers.model_file import (
    LOGITS,
    has_valid_checksum,
    is_model_file,
    load_model_bytes,
    open_session,
    read_model,
)
from tendigits.classifiers.other_onnx import (
    InputForm,
    count_weights,
    find_input_form,
    onnx_logits,
)
from tendigits.data import load_dataset
from tendigits.data.catalogue import DIGITS
from tendigits.errors import reports_missing_extra

if TYPE_CHECKING:
    from torch import Tensor

    from tendigits.training import Run

# How a network in torch is compared with its ONNX file; the difference is in logits.
CHECK_IMAGES, LARGEST_DIFFERENCE = 20, 1e-3


@reports_missing_extra
def load_classifier(
    source: "str | Path | Run | Classifier", threads: int | None = None
) -> Classifier:
    """Load a classifier, whatever it is stored as.

    Args:
        source: a run or its folder, a model file, the name of a pretrained model, or any other
            ONNX file that takes 28x28 images and returns ten scores. A classifier is returned as
            it is.
        threads: the number of threads of an ONNX file; one per core when None.

    Raises:
        ModelError: the file is missing, damaged, or not a classifier of ten classes.
        RunError: the folder holds no trained run.
    """
    if isinstance(source, Classifier):
        return source
    if not isinstance(source, str | Path):
        return _from_run(source)
    path = pretrained_models().get(str(source), Path(source))
    if path.is_dir():
        from tendigits.training import load_run  # files need no torch

        return _from_run(load_run(path))
    data = read_model(path)
    if not has_valid_checksum(data) and not is_model_file(data, str(source)):
        return _from_other_onnx(data, path, threads)
    classifier = load_model_bytes(data, str(source), threads)
    return replace(classifier, torch_network=partial(_torch_network, data, LOGITS, None))


def _from_run(run: "Run") -> Classifier:
    from tendigits.training import classifier_of_run  # files need no torch

    return classifier_of_run(run)


def _from_other_onnx(data: bytes, path: Path, threads: int | None) -> Classifier:
    import onnx  # it comes with the extra [train]

    session = open_session(data, str(path), threads)
    form = find_input_form(session, load_dataset("mnist").train, str(path))
    logits = onnx_logits(session, form)
    proto = onnx.load_model_from_string(data)
    return Classifier(
        name=path.stem,
        class_names=DIGITS,
        logits=logits,
        temperature=None,
        threshold=0.0,
        parameters=count_weights(proto),
        multiply_adds=None,
        bytes=len(data),
        origin=Origin(
            kind="other ONNX file",
            file=path.name,
            sha256=hashlib.sha256(data).hexdigest(),
            description=proto.doc_string,
            recipe={},
            data="not known",
            data_sha256={},
            made_with={"producer": f"{proto.producer_name} {proto.producer_version}".strip()},
            assumptions=form.assumptions,
        ),
        torch_network=partial(_checked_torch_network, data, form, logits),
    )


def _checked_torch_network(data: bytes, form: InputForm, logits: Logits) -> TorchNetwork | None:
    """Return another ONNX file's network in torch; None where its logits are not the file's.

    An operator has many options, and not all of them are supported.
    """
    import torch

    images = load_dataset("mnist").train.images[:CHECK_IMAGES]
    inputs = torch.from_numpy(images[:, np.newaxis].astype(np.float32) / 255)
    expected = logits(images)
    try:
        network = _torch_network(data, form.output, form)
        if network is None:
            return None
        with torch.no_grad():
            found = network(inputs).numpy()
    except Exception:  # graphs differ in too many ways to name the errors
        return None
    if found.shape != expected.shape:
        return None
    limit = LARGEST_DIFFERENCE * max(1.0, float(np.abs(expected).max()))
    return network if float(np.abs(found - expected).max()) <= limit else None  # also if it is NaN


def _torch_network(data: bytes, output: str, form: InputForm | None) -> TorchNetwork | None:
    """Return an ONNX file's network in torch; None where it cannot be differentiated."""
    import onnx

    from tendigits.networks.onnx_graph import to_torch

    network = to_torch(onnx.load_model_from_string(data), output)
    if network is None or form is None:
        return network
    if not form.is_differentiable:
        return None

    def logits(images: "Tensor") -> "Tensor":
        scores = network((images * form.scale + form.shift).reshape(-1, *form.shape))
        return scores.clamp_min(1e-30).log() if form.probabilities else scores

    return logits
