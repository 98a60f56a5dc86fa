"""From a run folder to a model file, which is checked before it is written."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from torch import nn

from tendigits.classifiers import ModelInfo
from tendigits.classifiers.model_file import (
    INPUT,
    METADATA_KEY,
    PROBABILITIES,
    load_model_bytes,
    open_session,
    to_inputs,
    weights_beside,
    with_checksum,
)
from tendigits.classifiers.model_info import FORMAT, TestMetrics
from tendigits.data import CATALOGUE
from tendigits.errors import ModelError, RunError
from tendigits.evaluation import Metrics
from tendigits.evaluation.validation import Validation
from tendigits.export.to_onnx import to_int8, to_onnx
from tendigits.files import sha256_of, to_json, write_bytes
from tendigits.networks import count_multiply_adds, count_parameters
from tendigits.training import Run, load_network, load_run, load_run_data
from tendigits.training.distillation import held_out_sha256
from tendigits.training.run_folder import classifier_of_run
from tendigits.training.run_records import read_record

CHECK_IMAGES = 1000
LARGEST_DIFFERENCE = 1e-4
INPUT_DESCRIPTION = (
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
        info: its metadata.
        images: the number of images on which both were compared.
        difference: the largest difference of a probability.
        agreement: the fraction of images for which both predict the same digit.
    """

    path: Path
    size: int
    info: ModelInfo
    images: int
    difference: float
    agreement: float

    def summary(self) -> str:
        """Return the figures as lines of text."""
        info = self.info
        lines = [
            f"Checked on {self.images:,} images: largest difference of a probability "
            f"{self.difference:.1e}, equal predictions {100 * self.agreement:.1f} %"
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
    """Write a run's trained network as one ONNX file with embedded metadata.

    The file is compared with the network on up to 1,000 training images first. Its weights are
    written beside it as safetensors, so that `tendigits train --from` can go on from them; an 8-bit
    file has none.

    Args:
        run: a run or the path of its folder.
        out: the file to write.
        int8: weights and activations in 8 bits.

    Raises:
        RunError: there is no trained and tested run, or its data set has changed.
        ModelError: `out` ends in .safetensors, or the file's predictions differ from the
            network's, by more than 1e-4 in float32.
    """
    run, out = run if isinstance(run, Run) else load_run(run), Path(out)
    if out.suffix == ".safetensors":
        raise ModelError(f"{out} is the name of the weights beside a model file; give NAME.onnx.")
    if run.recipe.pages is not None:
        raise ModelError(
            f"The run {run.folder} trained a finder, not a classifier; use `tendigits export` or "
            "export_finder_run."
        )
    if not run.is_tested:
        raise RunError(
            f"The run {run.folder} is not trained and tested; resume with: {run.command_to_resume}"
        )
    network = load_network(run)
    train = load_run_data(run).train
    info = describe(run, network, "int8" if int8 else "float32")
    proto = to_onnx(network, info.temperature)
    images = train.images[evenly_spaced(run.split.train, CHECK_IMAGES)]
    if int8:
        proto = to_int8(proto, images)

    content = _with_info(proto, info)
    exported = load_model_bytes(content, str(out))
    expected, predictions = classifier_of_run(run).predict(images), exported.predict(images)
    exported_probabilities = [predictions.probabilities, _graph_probabilities(content, images)]
    difference = float(np.abs(exported_probabilities - expected.probabilities).max())  # keeps NaN
    agreement = float((expected.predicted == predictions.predicted).mean())
    if not int8 and not difference <= LARGEST_DIFFERENCE:
        raise ModelError(
            f"The predictions of the file differ from the network's by {difference:.1e}; {out} was "
            "not written. Report it with the run's recipe."
        )
    if info.validation_accuracy is not None:
        chosen = run.split.validation
        predictions = exported.predict(train.images[chosen], train.labels[chosen])
        info = replace(info, exported_accuracy=float(predictions.correct.mean()))
    content = _with_info(proto, info)
    write_model_file(out, content, None if int8 else run.weights.read_bytes())
    return Exported(out, len(content), info, len(images), difference, agreement)


def evenly_spaced(indices: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return `count` of `indices`, evenly spaced, or all if there are fewer.

    The images of a folder with one folder of pictures per class are sorted by class, so that the
    first ones are all zeros.
    """
    return indices[np.unique(np.linspace(0, len(indices) - 1, count).astype(np.int64))]


def describe(run: Run, network: nn.Module, precision: Literal["float32", "int8"]) -> ModelInfo:
    """Return the metadata of a file with a run's network in this precision."""
    has_validation = len(run.split.validation) > 0
    validation = read_record(run.validation, Validation) if has_validation else None
    metrics = read_record(run.metrics_file, Metrics)
    licence = CATALOGUE[run.data.name].licence if run.data.name in CATALOGUE else "unknown"
    return ModelInfo(
        format=FORMAT,
        name=run.recipe.name,
        description=run.recipe.description,
        classes=run.data.class_names,
        input=INPUT_DESCRIPTION,
        preprocessing=PREPROCESSING,
        temperature=validation.temperature if validation else 1.0,
        threshold=validation.threshold if validation else 0.0,
        rejects=run.recipe.ood is not None,
        precision=precision,
        parameters=count_parameters(network),
        multiply_adds=count_multiply_adds(network),
        recipe=run.recipe.portable_settings,
        test=TestMetrics(metrics.accuracy, metrics.loss, metrics.images),
        validation_accuracy=validation.accuracy if validation else None,
        exported_accuracy=None,
        held_out_sha256=held_out_sha256(run.split),
        weights_sha256=sha256_of(run.weights) if precision == "float32" else None,
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
    return with_checksum(described.SerializeToString(deterministic=True))


def _graph_probabilities(content: bytes, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the second output of the graph, which programs in other languages use."""
    session = open_session(content, "the exported file")
    probabilities: NDArray[np.float32] = session.run([PROBABILITIES], {INPUT: to_inputs(images)})[0]
    return probabilities


def write_model_file(out: Path, content: bytes, weights: bytes | None) -> None:
    """Write a file, and the weights beside it.

    Raises:
        ModelError: they cannot be written.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if weights is not None:
            write_bytes(weights_beside(out), weights)
        write_bytes(out, content)
    except OSError as error:
        raise ModelError(
            f"{out} cannot be written: {error.strerror}; choose another --out."
        ) from error
