"""The finder's graph in ONNX: weights in half precision, pages of any size."""

import numpy as np
import onnx
import torch

from tendigits.images.finder import BOXES, CLASSES, INPUT, SCORES
from tendigits.networks.export_graph import export_graph
from tendigits.networks.finder import PAGE_SIDE, FinderGraph, FinderNetwork, folded

_MULTIPLE = 32  # pixels; a page's sides are multiples of it
_LARGEST = 64  # times 32 pixels: the longest side of a page
_LEAST_WEIGHTS = 256  # smaller tensors stay in single precision


def finder_to_onnx(network: FinderNetwork) -> onnx.ModelProto:
    """Return the graph of a finder: pages (1, 1, h, w) -> scores, classes and boxes of cells.

    Weights are stored in half precision and converted to float32 when the graph is loaded, so
    that the file is half as large and nothing is computed in half precision.
    """
    steps = {axis: _MULTIPLE * torch.export.Dim(axis, min=1, max=_LARGEST) for axis in "hw"}
    model = export_graph(
        FinderGraph(folded(network)),
        torch.rand(1, 1, PAGE_SIDE, 2 * PAGE_SIDE, generator=torch.Generator().manual_seed(0)),
        input_name=INPUT,
        output_names=[SCORES, CLASSES, BOXES],
        dynamic_shape={2: steps["h"], 3: steps["w"]},
    )
    for weight in list(model.graph.initializer):
        if weight.data_type == onnx.TensorProto.FLOAT and np.prod(weight.dims) >= _LEAST_WEIGHTS:
            _store_in_half_precision(model.graph, weight)
    return model


def _store_in_half_precision(graph: onnx.GraphProto, weight: onnx.TensorProto) -> None:
    name, values = weight.name, onnx.numpy_helper.to_array(weight)
    stored = f"{name}.half"
    weight.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), stored))
    cast = onnx.helper.make_node("Cast", [stored], [name], to=onnx.TensorProto.FLOAT)
    graph.node.insert(0, cast)
