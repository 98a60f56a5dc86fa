"""ONNX graphs in torch, where they can be differentiated."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import onnx
import torch
from torch import Tensor
from torch.nn import functional

Attributes = dict[str, Any]
Operator = Callable[..., Tensor]


def to_torch(model: onnx.ModelProto, output: str) -> Callable[[Tensor], Tensor] | None:
    """Return a function from the graph's input to `output`; None where it is not supported.

    It computes on the device of its input. The operators of plain classifiers are supported; a
    graph with another one, such as those of 8-bit weights, is not.

    Args:
        model: a graph with one input.
        output: the name of one of its outputs.
    """
    nodes = _needed_nodes(model.graph, output)
    if any(node.op_type not in _OPERATORS or len(node.output) > 1 for node in nodes):
        return None
    weights = {
        each.name: torch.from_numpy(onnx.numpy_helper.to_array(each).copy())
        for each in model.graph.initializer
    }
    weights_on: dict[torch.device, dict[str, Tensor]] = {}
    steps = [(_OPERATORS[node.op_type], node, _attributes(node)) for node in nodes]
    source = next(each.name for each in model.graph.input if each.name not in weights)

    def compute(inputs: Tensor) -> Tensor:
        device = inputs.device
        if device not in weights_on:
            weights_on[device] = {name: _on(device, each) for name, each in weights.items()}
        values = {**weights_on[device], source: inputs}
        for operator, node, attributes in steps:
            given = [values[name] if name else None for name in node.input]
            values[node.output[0]] = _on(device, operator(attributes, *given))
        return values[output]

    return compute


def _on(device: torch.device, value: Tensor) -> Tensor:
    """Return a floating-point tensor on `device`; shapes and axes stay where they can be read."""
    return value.to(device) if value.is_floating_point() else value


def _needed_nodes(graph: onnx.GraphProto, output: str) -> list[onnx.NodeProto]:
    needed, nodes = {output}, []
    for node in reversed(graph.node):
        if needed & set(node.output):
            nodes.append(node)
            needed |= set(node.input)
    return nodes[::-1]


def _attributes(node: onnx.NodeProto) -> Attributes:
    return {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}


def _constant(given: Attributes) -> Tensor:
    return torch.from_numpy(onnx.numpy_helper.to_array(given["value"]).copy())


def _conv(given: Attributes, inputs: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return functional.conv2d(
        _padded(given, inputs, 0.0, weight.shape[2:]),
        weight,
        bias,
        stride=given.get("strides", 1),
        dilation=given.get("dilations", 1),
        groups=given.get("group", 1),
    )


def _max_pool(given: Attributes, inputs: Tensor) -> Tensor:
    kernel = given["kernel_shape"]
    return functional.max_pool2d(
        _padded(given, inputs, -torch.inf, kernel),
        kernel,
        stride=given.get("strides", 1),
        dilation=given.get("dilations", 1),
        ceil_mode=bool(given.get("ceil_mode", 0)),
    )


def _average_pool(given: Attributes, inputs: Tensor) -> Tensor:
    kernel = given["kernel_shape"]

    def means(values: Tensor) -> Tensor:
        ceil_mode = bool(given.get("ceil_mode", 0))
        padded = _padded(given, values, 0.0, kernel)
        return functional.avg_pool2d(padded, kernel, given.get("strides", 1), ceil_mode=ceil_mode)

    if given.get("count_include_pad", 0):
        return means(inputs)
    return means(inputs) / means(torch.ones_like(inputs))


def _padded(given: Attributes, inputs: Tensor, value: float, kernel: Sequence[int]) -> Tensor:
    top, left, bottom, right = given.get("pads", (0, 0, 0, 0))
    if given.get("auto_pad", b"NOTSET") in (b"SAME_UPPER", b"SAME_LOWER"):
        top, bottom = _same_padding(given, inputs, 0, kernel)
        left, right = _same_padding(given, inputs, 1, kernel)
    return functional.pad(inputs, (left, right, top, bottom), value=value)


def _same_padding(
    given: Attributes, inputs: Tensor, axis: int, kernel: Sequence[int]
) -> tuple[int, int]:
    """Return the padding before and after, with which there is an output per `stride` pixels."""
    size, stride = inputs.shape[2 + axis], given.get("strides", (1, 1))[axis]
    reach = (kernel[axis] - 1) * given.get("dilations", (1, 1))[axis] + 1
    total = max((math.ceil(size / stride) - 1) * stride + reach - size, 0)
    less, more = total // 2, total - total // 2
    return (more, less) if given["auto_pad"] == b"SAME_LOWER" else (less, more)


def _gemm(given: Attributes, left: Tensor, right: Tensor, bias: Tensor | None = None) -> Tensor:
    left = left.T if given.get("transA") else left
    right = right.T if given.get("transB") else right
    product: Tensor = given.get("alpha", 1.0) * (left @ right)
    if bias is not None:
        product = product + given.get("beta", 1.0) * bias
    return product


def _axes(given: Attributes, axes: Tensor | None) -> list[int]:
    found: list[int] = axes.tolist() if axes is not None else list(given["axes"])
    return found


def _batch_norm(given: Attributes, inputs: Tensor, *weights: Tensor) -> Tensor:
    scale, bias, mean, variance = weights
    return functional.batch_norm(
        inputs, mean, variance, scale, bias, training=False, eps=given.get("epsilon", 1e-5)
    )


_OPERATORS: dict[str, Operator] = {
    "Add": lambda _, left, right: left + right,
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Concat": lambda given, *parts: torch.cat(parts, dim=given["axis"]),
    "Constant": _constant,
    "Conv": _conv,
    "Div": lambda _, left, right: left / right,
    "Dropout": lambda _, inputs, *__: inputs,
    "Flatten": lambda given, inputs: inputs.flatten(given.get("axis", 1)),
    "Gemm": _gemm,
    "GlobalAveragePool": lambda _, inputs: inputs.mean(dim=(2, 3), keepdim=True),
    "Identity": lambda _, inputs: inputs,
    "LogSoftmax": lambda given, inputs: inputs.log_softmax(given.get("axis", -1)),
    "MatMul": lambda _, left, right: left @ right,
    "MaxPool": _max_pool,
    "Mul": lambda _, left, right: left * right,
    "ReduceLogSumExp": lambda given, inputs, axes=None: inputs.logsumexp(
        _axes(given, axes), keepdim=bool(given.get("keepdims", 1))
    ),
    "ReduceMax": lambda given, inputs, axes=None: inputs.amax(
        _axes(given, axes), keepdim=bool(given.get("keepdims", 1))
    ),
    "ReduceMean": lambda given, inputs, axes=None: inputs.mean(
        _axes(given, axes), keepdim=bool(given.get("keepdims", 1))
    ),
    "Relu": lambda _, inputs: inputs.relu(),
    "Reshape": lambda _, inputs, shape: inputs.reshape(_shape(inputs, shape)),
    "Sigmoid": lambda _, inputs: inputs.sigmoid(),
    "Softmax": lambda given, inputs: inputs.softmax(given.get("axis", -1)),
    "Sub": lambda _, left, right: left - right,
    "Tanh": lambda _, inputs: inputs.tanh(),
    "Transpose": lambda given, inputs: inputs.permute(given["perm"]),
    "Unsqueeze": lambda given, inputs, axes=None: _unsqueezed(inputs, _axes(given, axes)),
}


def _shape(inputs: Tensor, shape: Tensor) -> list[int]:
    """Return the shape for torch: in ONNX, 0 stands for the size of the input."""
    return [int(size) or inputs.shape[at] for at, size in enumerate(shape)]


def _unsqueezed(inputs: Tensor, axes: list[int]) -> Tensor:
    for axis in sorted(axes):
        inputs = inputs.unsqueeze(axis)
    return inputs
