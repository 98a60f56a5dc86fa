"""The networks that a recipe can describe, and their ensembles; for the finder see `finder`."""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from tendigits.data import CLASSES, IMAGE_SIZE
from tendigits.recipes import ConvSettings, SequentialSettings
from tendigits.recipes.network_settings import (
    ConvLayer,
    DropoutLayer,
    Layer,
    LinearLayer,
    SqueezeExciteLayer,
    shape_after,
)

# An operator that PyTorch itself compiles to (torch._inductor); absent where it is built
# without oneDNN, and then the layer is plain nn.Linear.
HAS_ONEDNN = hasattr(torch.ops.mkldnn, "_linear_pointwise")


class MLP(nn.Sequential):
    """Images (n, 1, 28, 28) float32 in [0, 1] -> logits (n, outputs), through ReLU layers."""

    def __init__(self, widths: Sequence[int], outputs: int = CLASSES) -> None:
        """Make hidden layers of `widths` units, with weights drawn from torch's generator."""
        layers: list[nn.Module] = [nn.Flatten()]
        for before, after in pairwise([IMAGE_SIZE * IMAGE_SIZE, *widths]):
            layers += [Linear(before, after), nn.ReLU(inplace=True)]
        layers.append(Linear(widths[-1] if widths else IMAGE_SIZE * IMAGE_SIZE, outputs))
        super().__init__(*layers)


class ConvNet(nn.Sequential):
    """Images (n, 1, 28, 28) float32 in [0, 1] -> logits (n, outputs).

    A first convolution, stages of 3x3 convolutions separated by max pooling, then each channel's
    maximum and mean over the image, and a linear layer.
    """

    def __init__(self, settings: ConvSettings, outputs: int = CLASSES) -> None:
        """Make the layers, with weights drawn from torch's generator."""
        channels = settings.stem_channels
        padding = settings.stem_kernel // 2 if settings.full_resolution else 0
        layers: list[nn.Module] = [
            ConvUnit(1, channels, settings.stem_kernel, settings.stem_stride, padding)
        ]
        unit = SeparableUnit if settings.separable else ConvUnit
        if settings.stem_stride == 1 and not settings.full_resolution:
            layers.append(nn.MaxPool2d(2))
        for number, widths in enumerate(settings.stages):
            if number:
                layers.append(nn.MaxPool2d(2))
            for width in widths:
                layers.append(unit(channels, width, 3, 1, int(settings.padded)))
                channels = width
        super().__init__(*layers, MaxAndMean(), nn.Linear(2 * channels, outputs))


class SequentialNet(nn.Sequential):
    """Images (n, 1, 28, 28) float32 in [0, 1] -> logits (n, outputs), through the given layers."""

    def __init__(self, settings: SequentialSettings, outputs: int = CLASSES) -> None:
        """Make the layers, with weights drawn from torch's generator."""
        layers: list[nn.Module] = []
        shape = (1, IMAGE_SIZE)
        for layer in settings.layers:
            layers.append(_layer(layer, *shape))
            shape = shape_after(layer, *shape)
        channels, size = shape
        if size:
            layers.append(nn.Flatten())
        super().__init__(*layers, nn.Linear(channels * max(1, size * size), outputs))


def _layer(layer: Layer, channels: int, size: int) -> nn.Module:
    """Return a layer for inputs (n, channels, size, size), or (n, channels) where `size` is 0."""
    match layer:
        case ConvLayer():
            return nn.Conv2d(channels, layer.channels, layer.kernel, layer.stride, layer.padding)
        case LinearLayer():
            return nn.Linear(channels, layer.units)
        case DropoutLayer():
            return nn.Dropout(layer.fraction)
        case SqueezeExciteLayer():
            return SqueezeExcite(channels, layer.units)
    if layer.kind == "batch_norm":
        return nn.BatchNorm2d(channels) if size else nn.BatchNorm1d(channels)
    return _PLAIN_LAYERS[layer.kind]()


class Ensemble(nn.Module):
    """Images (n, 1, 28, 28) -> the logarithm of the mean of the members' probabilities.

    These log probabilities (n, outputs) can be used as logits: their softmax is that mean.
    """

    def __init__(self, members: Iterable[nn.Module]) -> None:
        """Combine `members`, each from images to logits (n, outputs)."""
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, images: Tensor) -> Tensor:
        """Return log probabilities (n, outputs)."""
        each = [functional.log_softmax(member(images).float(), 1) for member in self.members]
        return torch.stack(each).logsumexp(0) - math.log(len(each))


class ConvUnit(nn.Sequential):
    """Convolution, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class SeparableUnit(nn.Sequential):
    """Depthwise convolution, batch normalisation, pointwise convolution unit."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, inputs, kernel, stride, padding, groups=inputs, bias=False),
            nn.BatchNorm2d(inputs),
            ConvUnit(inputs, outputs, 1, 1, 0),
        )


class MaxAndMean(nn.Module):
    """Global max and mean pooling: (n, c, h, w) -> (n, 2c)."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the maxima, then the means."""
        return torch.cat([inputs.amax(dim=(2, 3)), inputs.mean(dim=(2, 3))], dim=1)


class SqueezeExcite(nn.Module):
    """Channels (n, c, h, w) times weights from 0 to 1, which depend on all channels' means."""

    def __init__(self, channels: int, units: int) -> None:
        """Compute the weights with a hidden layer of `units`."""
        super().__init__()
        self.weights = nn.Sequential(
            nn.Linear(channels, units), nn.ReLU(inplace=True), nn.Linear(units, channels)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the weighted channels (n, c, h, w)."""
        weights: Tensor = self.weights(inputs.mean(dim=(2, 3))).sigmoid()
        return inputs * weights[:, :, None, None]


class Linear(nn.Linear):
    """`nn.Linear` that multiplies float32 matrices with oneDNN while it trains on a CPU.

    PyTorch uses MKL for them, which is limited to AVX2 on AMD processors. Measured on two cores of
    an EPYC (Zen 5), 100x784 by 784x350: 170 GFLOP/s with MKL, 340 with oneDNN. The sums are the
    same up to the order of their terms.
    """

    def reset_parameters(self) -> None:
        """Draw Glorot-uniform weights and set the biases to zero, as Keras does.

        Source: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward
        neural networks", AISTATS 2010.
        """
        nn.init.xavier_uniform_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return `inputs` (n, in) times the weights plus the biases: (n, out)."""
        if self.training and fits_onednn(inputs):
            outputs: Tensor = _OneDNNLinear.apply(inputs, self.weight, self.bias)  # type: ignore[no-untyped-call]
            return outputs
        return super().forward(inputs)


def fits_onednn(inputs: Tensor) -> bool:
    """Return whether `matmul` takes `inputs`: float32 on a CPU, with oneDNN, outside autocast."""
    return (
        HAS_ONEDNN
        and inputs.device.type == "cpu"
        and inputs.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
    )


def matmul(left: Tensor, right: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return left (m, k) times right (n, k) transposed, plus bias (n,)."""
    result: Tensor = torch.ops.mkldnn._linear_pointwise(left, right, bias, "none", [], "")
    return result


class _OneDNNLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs: Tensor, weight: Tensor, bias: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.save_for_backward(inputs, weight)
        return matmul(inputs, weight, bias)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:  # type: ignore[no-untyped-def]
        inputs, weight = ctx.saved_tensors
        to_inputs = matmul(gradient, weight.t()) if ctx.needs_input_grad[0] else None
        return to_inputs, matmul(gradient.t(), inputs.t()), gradient.sum(0)


_PLAIN_LAYERS: dict[str, Callable[[], nn.Module]] = {
    "relu": partial(nn.ReLU, inplace=True),
    "tanh": nn.Tanh,
    "max_pool": partial(nn.MaxPool2d, 2),
    "mean_pool": partial(nn.AvgPool2d, 2),
    "flatten": nn.Flatten,
    "max_and_mean": MaxAndMean,
}
