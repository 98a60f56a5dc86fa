"""From a run, a model file, a pretrained model's name or any ONNX file to a classifier."""

import hashlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tendigits.classifiers import Classifier, Origin, pretrained_models
from tendigits.classifiers.classifier import TorchNetwork
from tendigits.classifiers.model_file import (
    LOGITS,
    is_model_file,
    load_model_bytes,
    open_session,
    read_model,
)
from tendigits.classifiers.other_onnx import InputForm, find_input_form, onnx_logits
from tendigits.data import load_dataset
from tendigits.data.catalogue import DIGITS

if TYPE_CHECKING:
    from torch import Tensor

    from tendigits.training import Run


def load_classifier(source: "str | Path | Run | Classifier") -> Classifier:
    """Load a classifier, whatever it is stored as.

    Args:
        source: a run or its folder, a model file, the name of a pretrained model, or any other
            ONNX file that takes 28x28 images and gives ten scores. A classifier is returned as it
            is.

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
        from tendigits.training import load_run

        return _from_run(load_run(path))
    data = read_model(path)
    if is_model_file(data, str(source)):
        classifier = load_model_bytes(data, str(source))
        return replace(classifier, torch_network=partial(_torch_network, data, LOGITS, None))
    return _from_other_onnx(data, path)


def _from_run(run: "Run") -> Classifier:
    from tendigits.training import classifier_of_run

    return classifier_of_run(run)


def _from_other_onnx(data: bytes, path: Path) -> Classifier:
    import onnx

    from tendigits.networks.onnx_graph import count_weights

    session = open_session(data, str(path))
    form = find_input_form(session, load_dataset("mnist").train, str(path))
    proto = onnx.load_model_from_string(data)
    return Classifier(
        name=path.stem,
        class_names=DIGITS,
        logits=onnx_logits(session, form),
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
        torch_network=partial(_torch_network, data, form.output, form),
    )


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
