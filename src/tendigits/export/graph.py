"""From a network in torch to an ONNX graph."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import onnx
import torch
from torch import Tensor, nn

from tendigits.classifiers.model_file import INPUT, LOGITS, PROBABILITIES
from tendigits.data import CLASSES, IMAGE_SIZE

OPSET = 20


class _Answers(nn.Module):
    """Images -> logits, and the probabilities at a temperature."""

    def __init__(self, network: nn.Module, temperature: float) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.network(images)
        return logits, torch.softmax(logits / self.temperature, 1)[:, :CLASSES]


def to_onnx(network: nn.Module, temperature: float) -> onnx.ModelProto:
    """Return `network` as ONNX: images (n, 1, 28, 28) -> logits, and the digits' probabilities."""
    images = torch.zeros(2, 1, IMAGE_SIZE, IMAGE_SIZE)
    with _silence():
        program = torch.onnx.export(
            _Answers(network, temperature).eval(),
            (images,),
            input_names=[INPUT],
            output_names=[LOGITS, PROBABILITIES],
            dynamic_shapes={INPUT: {0: torch.export.Dim("n")}},
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    return _without_traces(program.model_proto)


def _without_traces(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return `model` without the exporter's notes, which hold paths of this machine."""
    graph = model.graph
    for each in [*graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer]:
        each.ClearField("doc_string")
        each.ClearField("metadata_props")
    del graph.value_info[:]
    graph.ClearField("metadata_props")
    graph.name = "tendigits"
    return model


@contextmanager
def _silence() -> Iterator[None]:
    """Keep back what the exporter says of itself: an absent torchvision, its own deprecations."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
