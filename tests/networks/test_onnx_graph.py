from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import nn

import tendigits
from tendigits.classifiers.model_file import LOGITS, open_session, pretrained_models, to_inputs
from tendigits.data import Dataset
from tendigits.export.to_onnx import to_onnx
from tendigits.networks.onnx_graph import to_torch

# Layers of common classifiers.
NETWORKS = {
    "LeNet": nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Dropout(), nn.Linear(120, 10)),
    ),
    "strided, with batch normalisation": nn.Sequential(
        *(nn.Conv2d(1, 8, 3, stride=2), nn.ReLU(), nn.BatchNorm2d(8)),
        *(nn.Conv2d(8, 8, 3, groups=8, dilation=2), nn.AdaptiveAvgPool2d(1)),
        *(nn.Flatten(), nn.Linear(8, 10), nn.LogSoftmax(1)),
    ),
}


@pytest.mark.parametrize("name", pretrained_models())
def test_shipped_model_has_the_same_logits_in_torch(mnist: Dataset, name: str) -> None:
    model = tendigits.load_classifier(name)
    network = to_torch(onnx.load(pretrained_models()[name]), LOGITS)
    assert network is not None
    images = mnist.test.images[:100]
    np.testing.assert_allclose(
        network(torch.from_numpy(to_inputs(images))).numpy(), model.logits(images), atol=1e-3
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_common_layers_have_the_same_outputs_in_torch(mnist: Dataset, name: str) -> None:
    proto = to_onnx(NETWORKS[name].eval(), 1.0)
    network = to_torch(proto, LOGITS)
    assert network is not None
    inputs = to_inputs(mnist.test.images[:20])
    (expected,) = open_session(proto.SerializeToString(), name).run([LOGITS], {"images": inputs})
    np.testing.assert_allclose(network(torch.from_numpy(inputs)).detach(), expected, atol=1e-4)


WINDOWS: dict[str, tuple[str, dict[str, Any]]] = {
    "convolution, padded with a stride": ("Conv", {"auto_pad": "SAME_UPPER", "strides": [2, 3]}),
    "convolution, padded first": ("Conv", {"auto_pad": "SAME_LOWER", "strides": [2, 2]}),
    "dilated convolution": ("Conv", {"pads": [1, 0, 2, 1], "dilations": [2, 2]}),
    "maxima, padded with a stride": ("MaxPool", {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    "dilated maxima": ("MaxPool", {"dilations": [2, 2], "strides": [2, 2]}),
    "maxima of parts of windows": ("MaxPool", {"ceil_mode": 1, "strides": [2, 2]}),
    "means without padding": ("AveragePool", {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
    "means with padding": ("AveragePool", {"pads": [1, 1, 1, 1], "count_include_pad": 1}),
    "means, padded first": ("AveragePool", {"auto_pad": "SAME_LOWER", "strides": [3, 3]}),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_windows_have_the_same_outputs_in_torch(name: str) -> None:
    operator, attributes = WINDOWS[name]
    proto = graph_of(operator, {"kernel_shape": [4, 3], **attributes})
    network = to_torch(proto, "outputs")
    assert network is not None
    inputs = np.random.default_rng(0).normal(size=(2, 1, 28, 28)).astype(np.float32)
    session = open_session(proto.SerializeToString(), name)
    (expected,) = session.run(["outputs"], {"inputs": inputs})
    np.testing.assert_allclose(network(torch.from_numpy(inputs)), expected, atol=1e-5)


def graph_of(operator: str, attributes: dict[str, Any]) -> onnx.ModelProto:
    """Return a model of one convolution or pooling, with the weights 1 to 12."""
    weight = np.arange(1, 13, dtype=np.float32).reshape(1, 1, 4, 3) / 12
    names = ["inputs", "weight"] if operator == "Conv" else ["inputs"]
    images, outputs = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", 1, height, width])
        for name, height, width in [("inputs", 28, 28), ("outputs", None, None)]
    )
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(operator, names, ["outputs"], **attributes)],
        "one operator",
        [images],
        [outputs],
        [onnx.numpy_helper.from_array(weight, "weight")] if operator == "Conv" else [],
    )
    opset = [onnx.helper.make_opsetid("", 17)]
    return onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)


def test_logits_can_be_differentiated() -> None:
    network = to_torch(onnx.load(pretrained_models()["tiny"]), LOGITS)
    assert network is not None
    images = torch.full((2, 1, 28, 28), 0.5, requires_grad=True)
    network(images).sum().backward()
    assert images.grad is not None
    assert images.grad.abs().sum() > 0


def test_unknown_operator_gives_no_network() -> None:
    proto = onnx.load(pretrained_models()["mlp"])
    proto.graph.node[1].op_type = "MatMulInteger"
    assert to_torch(proto, LOGITS) is None
