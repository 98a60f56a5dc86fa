"""From a network in torch to one in integers: per-channel scales, measured on training images."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tendigits.errors import ModelError
from tendigits.export.integer import (
    LARGEST,
    LARGEST_WEIGHT,
    STEPS_PER_OCTAVE,
    Convolution,
    Depthwise,
    Factor,
    IntegerNetwork,
    Layer,
    MaxPool,
    reject_overflow,
)
from tendigits.export.integer import MaxAndMean as IntegerMaxAndMean
from tendigits.networks.architectures import Ensemble, MaxAndMean
from tendigits.networks.torch_classifier import scaled

# A channel that hardly varies is stored as if it varied by this fraction of the widest one.
_NARROWEST = 1e-3


@dataclass(frozen=True, eq=False)
class Scale:
    """What the integers of each channel mean: value = step * (integer - zero).

    Attributes:
        step: (channels,).
        zero: (channels,), the integer of the value 0.
    """

    step: NDArray[np.float64]
    zero: NDArray[np.float64]

    @classmethod
    def of(cls, values: Tensor) -> "Scale":
        """Return the scale that fits the values (n, channels, ...) into 0 to 255."""
        channels = values.movedim(1, 0).flatten(1)
        low = channels.amin(1).double().clamp_max(0).numpy()
        high = channels.amax(1).double().clamp_min(0).numpy()
        spread = high - low
        step = np.maximum(spread, max(_NARROWEST * spread.max(), 1e-12)) / LARGEST
        return cls(step, np.rint(-low / step))


@dataclass(frozen=True, eq=False)
class _Step:
    """A layer with batch normalisation folded into it, and whether a ReLU follows."""

    module: nn.Module
    relu: bool = False

    def __call__(self, values: Tensor) -> Tensor:
        outputs: Tensor = self.module(values)
        return outputs.relu() if self.relu else outputs


@dataclass(frozen=True, eq=False)
class _Weights:
    """Rounded weights (outputs, ...) and biases, with the value of 1 in each output's sums."""

    weights: NDArray[np.int8]
    bias: NDArray[np.int32]
    unit: NDArray[np.float64]


def quantise(
    network: nn.Module, images: NDArray[np.uint8], temperature: float, name: str
) -> IntegerNetwork:
    """Return `network` in integers.

    Activations are from 0 to 255, with a scale for each channel. It is multiplied into the weights
    of the next layer, which then are rounded with a scale for each output.

    Args:
        network: a trained network, in evaluation mode.
        images: (n, 28, 28) uint8, on which the ranges of the activations are measured.
        temperature: the divisor of the logits.
        name: what error messages call the network.

    Raises:
        ModelError: it has layers that an integer network cannot have.
    """
    if isinstance(network, Ensemble):
        raise ModelError(f"{name} is an ensemble, which C cannot carry; give one network.")
    steps = _steps(network, name)
    if not steps or not isinstance(steps[-1].module, nn.Linear) or steps[-1].relu:
        raise ModelError(f"{name} does not end with a fully connected layer; give another network.")
    values, scale = scaled(torch.from_numpy(images)), Scale(np.full(1, 1 / LARGEST), np.zeros(1))
    layers = []
    with torch.no_grad():
        for step in steps[:-1]:
            values = _row(values, name) if isinstance(step.module, nn.Linear) else values
            outputs = step(values)
            _reject_padded_negatives(step.module, scale, name)
            layer, scale = _integer_layer(step, values, scale, outputs)
            layers.append(layer)
            values = outputs
        _row(values, name)
        final = _rounded(steps[-1].module, scale, per_output=False)
    logit = float(final.unit[0])
    return IntegerNetwork(
        layers=tuple(layers),
        last=Convolution(final.weights, final.bias, factor=None),
        logit=logit,
        octave=Factor.nearest(np.full(1, STEPS_PER_OCTAVE * logit / (temperature * math.log(2)))),
    )


def _reject_padded_negatives(module: nn.Module, scale: Scale, name: str) -> None:
    """Raise a ModelError where 0, with which is padded, is not stored as 0: without a ReLU."""
    if isinstance(module, nn.Conv2d) and module.padding[0] and scale.zero.any():
        raise ModelError(
            f"{name} has a padded convolution after a layer without ReLU, which C cannot carry; "
            "add a relu before it."
        )


def _row(values: Tensor, name: str) -> Tensor:
    """Return `values` (n, c, h, w) or (n, c) as the rows (n, c * h * w) of a linear layer."""
    if values.ndim == 4 and values.shape[1] > 1 and values.shape[2] > 1:
        raise ModelError(
            f"{name} flattens maps of several pixels, which C stores in another order; give a "
            "network with max_and_mean instead of flatten."
        )
    return values.flatten(1)


def _steps(network: nn.Module, name: str) -> list[_Step]:
    """Return the layers in order, with batch normalisation folded into convolutions."""
    steps: list[_Step] = []
    for leaf in _leaves(network):
        last = steps[-1] if steps and not steps[-1].relu else _Step(nn.Identity())
        if isinstance(leaf, nn.BatchNorm2d) and isinstance(last.module, nn.Conv2d):
            steps[-1] = _Step(fuse_conv_bn_eval(last.module, leaf))
        elif isinstance(leaf, nn.ReLU) and isinstance(last.module, nn.Conv2d | nn.Linear):
            steps[-1] = replace(last, relu=True)
        elif isinstance(leaf, nn.Conv2d | nn.Linear | nn.MaxPool2d | MaxAndMean):
            steps.append(_Step(leaf))
        elif not isinstance(leaf, nn.Flatten | nn.Dropout):
            raise ModelError(
                f"{name} has a layer {type(leaf).__name__}, which C cannot carry; give a network "
                "of convolutions and fully connected layers."
            )
    return steps


def _leaves(module: nn.Module) -> Iterator[nn.Module]:
    """Yield the layers of nested sequences, in order."""
    if isinstance(module, nn.Sequential):
        for child in module:
            yield from _leaves(child)
    else:
        yield module


def _integer_layer(
    step: _Step, inputs: Tensor, scale: Scale, outputs: Tensor
) -> tuple[Layer, Scale]:
    """Return a layer in integers, and the scale of its outputs.

    Args:
        step: the layer.
        inputs: (n, c, h, w) or (n, c), what it takes.
        scale: of its inputs.
        outputs: what it returns.
    """
    module = step.module
    if isinstance(module, nn.MaxPool2d):
        return MaxPool(), scale
    if isinstance(module, MaxAndMean):
        pixels = inputs.shape[2] * inputs.shape[3]
        means = Scale.of(outputs[:, len(scale.step) :])
        layer = IntegerMaxAndMean(Factor.nearest(scale.step / (pixels * means.step)))
        both = np.concatenate([scale.step, means.step]), np.concatenate([scale.zero, means.zero])
        return layer, Scale(*both)
    assert isinstance(module, nn.Conv2d | nn.Linear)
    after = Scale.of(outputs)
    rounded = _rounded(module, scale, after=after)
    factor = Factor.nearest(rounded.unit / after.step)
    if isinstance(module, nn.Linear):
        return Convolution(rounded.weights, rounded.bias, factor), after
    shape = {"stride": int(module.stride[0]), "padding": int(module.padding[0])}
    if module.groups == 1:
        return Convolution(rounded.weights, rounded.bias, factor, **shape), after
    weights = rounded.weights[..., 0].transpose(1, 2, 0)
    return Depthwise(weights, rounded.bias, factor, **shape), after


def _rounded(
    module: nn.Conv2d | nn.Linear,
    scale: Scale,
    after: Scale | None = None,
    *,
    per_output: bool = True,
) -> _Weights:
    """Return the rounded weights (outputs, k, k, inputs) of a layer, for integers as inputs.

    Args:
        module: the layer.
        scale: of its inputs.
        after: of its outputs; their zero is added to the biases.
        per_output: whether each output has its own unit, or all have the same.
    """
    weights = module.weight.detach().double().numpy()
    if weights.ndim == 2:
        weights = weights[:, :, None, None]
    weights = weights.transpose(0, 2, 3, 1)
    step, zero = scale.step, scale.zero
    if isinstance(module, nn.Conv2d) and module.groups > 1:
        step, zero = step[:, None, None, None], zero[:, None, None, None]
    weights = weights * step
    largest = np.abs(weights).max(axis=(1, 2, 3))
    unit = np.maximum(largest if per_output else np.full_like(largest, largest.max()), 1e-12)
    unit = unit / LARGEST_WEIGHT
    integers = np.rint(weights / unit[:, None, None, None])
    assert module.bias is not None
    bias = module.bias.detach().double().numpy() / unit
    bias = bias - (integers * zero).sum(axis=(1, 2, 3))
    if after is not None:
        bias = bias + after.zero * after.step / unit
    weights8, bias = integers.astype(np.int8), np.rint(bias)
    reject_overflow(weights8.reshape(len(bias), -1), bias)
    return _Weights(weights8, bias.astype(np.int32), unit)
