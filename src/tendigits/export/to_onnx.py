"""From a network in torch to an ONNX graph, in float32 or in 8-bit integers."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from tendigits.classifiers.model_file import INPUT, LOGITS, PROBABILITIES, to_inputs
from tendigits.data import CLASSES, IMAGE_SIZE
from tendigits.networks.export_graph import export_graph

_BATCH = 100


def to_onnx(network: nn.Module, temperature: float) -> onnx.ModelProto:
    """Return `network` as ONNX: images (n, 1, 28, 28) -> logits, and the digits' probabilities."""
    images = torch.zeros(2, 1, IMAGE_SIZE, IMAGE_SIZE)
    return export_graph(
        _WithProbabilities(network, temperature),
        images,
        input_name=INPUT,
        output_names=[LOGITS, PROBABILITIES],
        dynamic_shape={0: torch.export.Dim("n")},
    )


def to_int8(model: onnx.ModelProto, images: NDArray[np.uint8]) -> onnx.ModelProto:
    """Return `model` with weights and activations in 8 bits, quantised per channel.

    Args:
        model: what `to_onnx` returned.
        images: (n, 28, 28) uint8, from which the ranges of the activations are calibrated.
    """
    with tempfile.TemporaryDirectory() as folder:
        plain, prepared, quantised = (str(Path(folder) / f"{step}.onnx") for step in range(3))
        onnx.save(model, plain)
        quant_pre_process(plain, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            quantised,
            _CalibrationImages(images),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            weight_type=QuantType.QInt8,
            activation_type=QuantType.QUInt8,
            op_types_to_quantize=["Conv", "Gemm", "MatMul"],
        )
        return onnx.load(quantised)


class _WithProbabilities(nn.Module):
    """Images -> logits, and the digits' probabilities at a temperature."""

    def __init__(self, network: nn.Module, temperature: float) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.network(images)
        return logits, torch.softmax(logits / self.temperature, 1)[:, :CLASSES]


class _CalibrationImages(CalibrationDataReader):  # type: ignore[misc]
    """Gives the quantiser images in batches."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        self._batches: Iterator[NDArray[np.float32]] = (
            to_inputs(images[start : start + _BATCH]) for start in range(0, len(images), _BATCH)
        )

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        batch = next(self._batches, None)
        return None if batch is None else {INPUT: batch}
