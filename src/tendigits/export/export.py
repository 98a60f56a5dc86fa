"""From a run folder to a model file, checked before it is written."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from scipy.special import softmax
from torch import nn

from tendigits.datasets import CATALOGUE, CLASSES, Examples
from tendigits.errors import ModelError, RunError
from tendigits.evaluation import Metrics, Validation
from tendigits.evaluation.predict import log_probabilities
from tendigits.export.graph import to_onnx
from tendigits.export.quantize import to_int8
from tendigits.files import to_json, write_bytes
from tendigits.networks import count_multiply_adds, count_parameters
from tendigits.reading.model_file import (
    FORMAT,
    METADATA_KEY,
    Model,
    ModelInfo,
    TestFigures,
    load_model_bytes,
    scaled,
)
from tendigits.reading.seal import seal
from tendigits.training import Run, load_network, load_run, load_run_data
from tendigits.training.record import read_record
from tendigits.training.run import settings_without_paths
from tendigits.training.teacher import held_out_sha256

CHECKED = 1000
LARGEST_DIFFERENCE = 1e-4
INPUT_IN_WORDS = (
    "float32 (n, 1, 28, 28), 0 for paper and 1 for full ink; the ink's box fitted into 20x20 "
    "pixels with grey levels kept, its centre of mass in the middle of the 28x28"
)
PREPROCESSING = 1


@dataclass(frozen=True)
class Exported:
    """A model file that was written, and how it compares with the trained network.

    Attributes:
        path: the file.
        size: its bytes.
        info: what it says of itself.
        difference: the largest difference of a probability on 1,000 images.
        agreement: the share of those images to which both give the same answer.
    """

    path: Path
    size: int
    info: ModelInfo
    difference: float
    agreement: float

    def summary(self) -> str:
        """Return the figures in lines."""
        info = self.info
        lines = [
            f"Checked on {CHECKED:,} images: largest difference of a probability "
            f"{self.difference:.1e}, the same answer to {100 * self.agreement:.1f} %"
        ]
        if info.validation_accuracy is not None and info.exported_accuracy is not None:
            lines.append(
                f"Validation accuracy: {100 * info.exported_accuracy:.2f}% "
                f"({info.precision} file), {100 * info.validation_accuracy:.2f}% (network)"
            )
        lines.append(
            f"Model file: {self.path} ({self.size / 1e6:.2f} MB, {info.parameters:,} parameters, "
            f"{info.precision})"
        )
        return "\n".join(lines)


def export_model(run: Run | str | Path, out: str | Path, *, int8: bool = False) -> Exported:
    """Write a run's trained network as one ONNX file that says all about itself.

    The file is compared with the network on 1,000 training images first.

    Args:
        run: a run or the path of its folder.
        out: the file to write.
        int8: weights and products in 8-bit integers.

    Raises:
        RunError: there is no trained and tested run, or its data set has changed.
        ModelError: the file answers otherwise than the network, by more than 1e-4 in float32.
    """
    run = run if isinstance(run, Run) else load_run(run)
    if not run.is_complete:
        raise RunError(
            f"The run {run.folder} is not trained and tested; go on with: {run.command_to_resume}"
        )
    network = load_network(run)
    train = load_run_data(run).train
    validation = _validation(run)
    info = _describe(run, network, validation, "int8" if int8 else "float32")
    proto = to_onnx(network, info.temperature)
    if int8:
        proto = to_int8(proto, train.images[run.split.train[:CHECKED]])

    model = load_model_bytes(_with_info(proto, info), str(out))
    difference, agreement = _compare(network, model, train.images[run.split.train[:CHECKED]])
    if not int8 and not difference <= LARGEST_DIFFERENCE:
        raise ModelError(
            f"The file answers otherwise than the network, by {difference:.1e}; {out} was not "
            "written. Report it with the run's recipe."
        )
    if validation is not None:
        info = replace(info, exported_accuracy=_accuracy(model, train, run.split.validation))
    content = _with_info(proto, info)
    _write(Path(out), content)
    return Exported(Path(out), len(content), info, difference, agreement)


def _validation(run: Run) -> Validation | None:
    return read_record(run.validation, Validation) if len(run.split.validation) else None


def _describe(
    run: Run, network: nn.Module, validation: Validation | None, precision: str
) -> ModelInfo:
    metrics = read_record(run.metrics, Metrics)
    licence = CATALOGUE[run.data.name].licence if run.data.name in CATALOGUE else "unknown"
    return ModelInfo(
        format=FORMAT,
        name=run.recipe.name,
        description=run.recipe.description,
        classes=run.data.class_names,
        input=INPUT_IN_WORDS,
        preprocessing=PREPROCESSING,
        temperature=validation.temperature if validation else 1.0,
        threshold=validation.threshold if validation else 0.0,
        refuses=run.recipe.outliers is not None,
        precision="int8" if precision == "int8" else "float32",
        parameters=count_parameters(network),
        multiply_adds=count_multiply_adds(network),
        recipe=settings_without_paths(run),
        test=TestFigures(metrics.accuracy, metrics.loss, metrics.examples),
        validation_accuracy=validation.accuracy if validation else None,
        exported_accuracy=None,
        held_out_sha256=held_out_sha256(run.split),
        data=run.data.name,
        data_sha256=run.data.sha256,
        data_licence=licence,
        versions={**run.environment.versions, **_versions("onnx", "onnxruntime")},
        git_revision=run.environment.git_revision,
    )


def _versions(*libraries: str) -> Mapping[str, str]:
    return {library: version(library) for library in libraries}


def _with_info(proto: onnx.ModelProto, info: ModelInfo) -> bytes:
    described = onnx.ModelProto()
    described.CopyFrom(proto)
    described.producer_name = "tendigits"
    described.producer_version = info.versions["tendigits"]
    described.doc_string = f"{info.name}: {info.description}"
    del described.metadata_props[:]
    onnx.helper.set_model_props(described, {METADATA_KEY: to_json(asdict(info))})
    return seal(described.SerializeToString(deterministic=True))


def _compare(network: nn.Module, model: Model, images: NDArray[np.uint8]) -> tuple[float, float]:
    """Return the largest difference of a probability, and the share of the same answers."""
    expected = softmax(log_probabilities(network, images) / model.info.temperature, axis=1)
    expected = expected[:, :CLASSES]
    answers = model.probabilities(scaled(images))
    agreement = (answers.argmax(axis=1) == expected.argmax(axis=1)).mean()
    return float(np.abs(answers - expected).max()), float(agreement)


def _accuracy(model: Model, examples: Examples, chosen: NDArray[np.int64]) -> float:
    answers = model.probabilities(scaled(examples.images[chosen])).argmax(axis=1)
    return float((answers == examples.labels[chosen]).mean())


def _write(out: Path, content: bytes) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(out, content)
    except OSError as error:
        raise ModelError(
            f"{out} cannot be written: {error.strerror}; choose another --output."
        ) from error
