"""A convolutional network."""

import torch
from torch import Tensor, nn

from tendigits.data import CLASSES
from tendigits.recipes import ConvSettings


class ConvNet(nn.Sequential):
    """Images (n, 1, 28, 28) float32 in [0, 1] -> logits (n, 10).

    A first convolution with a large receptive field, stages of 3x3 convolutions parted by max
    pooling, then each channel's maximum and mean over the picture, and a linear layer.
    """

    def __init__(self, settings: ConvSettings, outputs: int = CLASSES) -> None:
        """Make the layers and draw their weights from torch's generator."""
        channels = settings.stem_channels
        layers: list[nn.Module] = [
            ConvUnit(1, channels, settings.stem_kernel, settings.stem_stride, padding=0)
        ]
        unit = SeparableUnit if settings.separable else ConvUnit
        if settings.stem_stride == 1:
            layers.append(nn.MaxPool2d(2))
        for number, widths in enumerate(settings.stages):
            if number:
                layers.append(nn.MaxPool2d(2))
            for width in widths:
                layers.append(unit(channels, width, 3, 1, int(settings.padded)))
                channels = width
        super().__init__(*layers, MaxAndMean(), nn.Linear(2 * channels, outputs))


class ConvUnit(nn.Sequential):
    """Convolution, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class SeparableUnit(nn.Sequential):
    """Convolution of each channel by itself, of all channels pixel by pixel, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, inputs, kernel, stride, padding, groups=inputs, bias=False),
            nn.BatchNorm2d(inputs),
            ConvUnit(inputs, outputs, 1, 1, 0),
        )


class MaxAndMean(nn.Module):
    """Each channel's maximum and mean over the picture: (n, c, h, w) -> (n, 2c)."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the maxima, then the means."""
        return torch.cat([inputs.amax(dim=(2, 3)), inputs.mean(dim=(2, 3))], dim=1)
