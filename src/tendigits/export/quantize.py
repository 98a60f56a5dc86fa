"""The products of a network in 8-bit integers."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from tendigits.classifiers.model_file import INPUT, to_inputs

_BATCH = 100


class _Images(CalibrationDataReader):  # type: ignore[misc]
    """Hands out images a batch at a time, as the quantiser asks for them."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        self._batches: Iterator[NDArray[np.float32]] = (
            to_inputs(images[start : start + _BATCH]) for start in range(0, len(images), _BATCH)
        )

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        batch = next(self._batches, None)
        return None if batch is None else {INPUT: batch}


def to_int8(model: onnx.ModelProto, images: NDArray[np.uint8]) -> onnx.ModelProto:
    """Return `model` with weights and products in 8 bits, a scale for each filter.

    Args:
        model: what `to_onnx` returned.
        images: (n, 28, 28) uint8; the ranges of the layers are taken from them.
    """
    with tempfile.TemporaryDirectory() as folder:
        plain, prepared, quantised = (str(Path(folder) / f"{step}.onnx") for step in range(3))
        onnx.save(model, plain)
        quant_pre_process(plain, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            quantised,
            _Images(images),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            weight_type=QuantType.QInt8,
            activation_type=QuantType.QUInt8,
            op_types_to_quantize=["Conv", "Gemm", "MatMul"],
        )
        return onnx.load(quantised)
