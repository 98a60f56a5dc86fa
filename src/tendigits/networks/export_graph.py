"""From a torch module to an ONNX graph that holds nothing of the machine it was made on."""

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import onnx
import torch
from torch import Tensor, nn

OPSET = 20


def export_graph(
    module: nn.Module,
    example: Tensor,
    *,
    input_name: str,
    output_names: Sequence[str],
    dynamic_shape: Mapping[int, object],
) -> onnx.ModelProto:
    """Return a module with one input as an ONNX graph.

    Args:
        module: is put into evaluation mode.
        example: an input.
        input_name: the input's name in the graph.
        output_names: the names of the outputs, in order.
        dynamic_shape: the axes of the input that may have another size, as for torch.export.
    """
    with _quiet_exporter():
        program = torch.onnx.export(
            module.eval(),
            (example,),
            input_names=[input_name],
            output_names=output_names,
            dynamic_shapes=(dict(dynamic_shape),),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    return _without_traces(program.model_proto)


def _without_traces(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return `model` without the exporter's stack traces, which hold paths of this machine."""
    graph = model.graph
    for each in [*graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer]:
        each.ClearField("doc_string")
        each.ClearField("metadata_props")
    del graph.value_info[:]
    graph.ClearField("metadata_props")
    graph.name = "tendigits"
    return model


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Suppress the exporter's warnings: an absent torchvision, its own deprecations."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
