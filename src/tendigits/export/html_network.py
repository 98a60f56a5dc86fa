"""Networks as the page computes them: plain layers, with weights rounded to a few bits.

Batch normalisations become part of the convolutions before them. The weights of a layer are
integers with a scale per output channel: of 12 bits in layers of few weights, which take little
room and whose errors count for most, and of 8 to 13 in the others.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tendigits.networks.architectures import MaxAndMean
from tendigits.networks.finder import FinderNetwork, folded

BITS = range(8, 14)  # of weights of large layers
FEW_WEIGHTS, BITS_OF_FEW = 50_000, 12


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer with weights.

    Attributes:
        name: its name in the network.
        kind: what it computes.
        weight: (outputs, inputs per group, height, width) or (outputs, inputs), float32.
        bias: (outputs,), float32.
        stride: of a convolution, in pixels.
        padding: of a convolution, in pixels.
        groups: of a convolution; as many as outputs if it is depthwise.
        relu: whether a ReLU follows.
    """

    name: str
    kind: Literal["conv", "linear"]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    stride: int = 1
    padding: int = 0
    groups: int = 1
    relu: bool = False

    def bits(self, bits: int) -> int:
        """Return the bits of its weights, if those of large layers have `bits`."""
        return max(bits, BITS_OF_FEW) if self.weight.size < FEW_WEIGHTS else bits

    def description(self, bits: int) -> dict[str, object]:
        """Return everything but the values of the weights, with how many bits they have."""
        return {
            "name": self.name,
            "kind": self.kind,
            "shape": list(self.weight.shape),
            "bits": self.bits(bits),
            "stride": self.stride,
            "padding": self.padding,
            "groups": self.groups,
            "relu": self.relu,
        }


# What lies between layers with weights: 2x2 max pooling, or the features of MaxAndMean.
Pooling = Literal["max pooling", "maxima and means"]


def layers_of(network: nn.Module) -> list[Layer | Pooling]:
    """Return the layers of a perceptron or a convolutional network, in order.

    Raises:
        TypeError: it has a layer that the page does not compute, or is an ensemble.
    """
    network = _without_norms(network)
    found: list[Layer | Pooling] = []
    for name, module in _leaves(network):
        if isinstance(module, nn.Conv2d | nn.Linear):
            found.append(_layer(name, module))
        elif isinstance(module, nn.ReLU) and found and isinstance(found[-1], Layer):
            found[-1] = replace(found[-1], relu=True)
        elif isinstance(module, nn.MaxPool2d) and module.kernel_size == 2:
            found.append("max pooling")
        elif isinstance(module, MaxAndMean):
            found.append("maxima and means")
        elif not isinstance(module, nn.Identity | nn.Dropout) and (
            found or not isinstance(module, nn.Flatten)
        ):
            raise TypeError(type(module).__name__)
    return found


def layers_of_finder(network: FinderNetwork) -> list[Layer]:
    """Return the convolutions of a finder, by their names in the network."""
    return [
        _layer(name, module)
        for name, module in folded(network).named_modules()
        if isinstance(module, nn.Conv2d)
    ]


def rounded(layer: Layer, bits: int) -> Layer:
    """Return the layer with the weights that the page has, if those of large layers have `bits`."""
    scale, integers = _integers(layer, bits)
    shape = (-1,) + (1,) * (layer.weight.ndim - 1)
    return replace(layer, weight=integers.astype(np.float32) * scale.reshape(shape))


def with_weights_of(network: nn.Module, layers: Sequence[Layer]) -> nn.Module:
    """Return a copy of a network, without batch normalisations and with the layers' weights."""
    copied = folded(network) if isinstance(network, FinderNetwork) else _without_norms(network)
    modules = [each for each in copied.modules() if isinstance(each, nn.Conv2d | nn.Linear)]
    for module, layer in zip(modules, layers, strict=True):
        module.weight.data = torch.from_numpy(layer.weight)
    return copied


def packed(layers: Sequence[Layer], bits: int) -> bytes:
    """Return the weights as bytes, for `weights.js`; those of large layers in `bits` bits.

    For each layer: the scales and the biases (float32, little endian), the upper 8 bits of each
    integer, then each further bit of all integers, the most significant first, 8 to a byte.
    """
    parts = []
    for layer in layers:
        scale, integers = _integers(layer, bits)
        flat, further = integers.ravel(), layer.bits(bits) - min(BITS)
        parts += [scale.astype("<f4").tobytes(), layer.bias.astype("<f4").tobytes()]
        parts.append((flat >> further).astype(np.int8).tobytes())
        parts += [np.packbits((flat >> bit) & 1).tobytes() for bit in reversed(range(further))]
    return b"".join(parts)


def _integers(layer: Layer, bits: int) -> tuple[NDArray[np.float32], NDArray[np.int16]]:
    flat = layer.weight.reshape(len(layer.weight), -1)
    largest = np.maximum(np.abs(flat).max(axis=1), np.float32(1e-20))
    scale = (largest / np.float32(2 ** (layer.bits(bits) - 1) - 1)).astype(np.float32)
    integers = np.rint(flat / scale[:, None]).astype(np.int16)
    return scale, integers.reshape(layer.weight.shape)


def _layer(name: str, module: nn.Module) -> Layer:
    assert isinstance(module, nn.Conv2d | nn.Linear)
    weight = module.weight.detach().numpy()
    outputs = len(weight)
    bias = np.zeros(outputs, np.float32) if module.bias is None else module.bias.detach().numpy()
    if isinstance(module, nn.Linear):
        return Layer(name, "linear", weight, bias)
    return Layer(
        name,
        "conv",
        weight,
        bias,
        stride=module.stride[0],
        padding=int(module.padding[0]),
        groups=module.groups,
    )


def _without_norms(network: nn.Module) -> nn.Module:
    copied = copy.deepcopy(network).cpu().float().eval()
    for module in copied.modules():
        if isinstance(module, nn.Sequential):
            for place, (first, second) in enumerate(pairwise(module)):
                if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                    module[place], module[place + 1] = (
                        fuse_conv_bn_eval(first, second),
                        nn.Identity(),
                    )
    return copied


def _leaves(module: nn.Module, name: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield the layers of nested sequences with their names, in order."""
    if isinstance(module, nn.Sequential):
        for part, child in module.named_children():
            yield from _leaves(child, f"{name}.{part}" if name else part)
    else:
        yield name, module
