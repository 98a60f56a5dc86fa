"""A multi-layer perceptron."""

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from tendigits.data import CLASSES, IMAGE_SIZE
from tendigits.networks.linear import Linear


class MLP(nn.Sequential):
    """Images (n, 1, 28, 28) float32 in [0, 1] -> logits (n, 10), through hidden ReLU layers."""

    def __init__(self, widths: Sequence[int], outputs: int = CLASSES) -> None:
        """Make the layers of `widths` units and draw their weights from torch's generator."""
        layers: list[nn.Module] = [nn.Flatten()]
        for before, after in pairwise([IMAGE_SIZE * IMAGE_SIZE, *widths]):
            layers += [Linear(before, after), nn.ReLU(inplace=True)]
        layers.append(Linear(widths[-1] if widths else IMAGE_SIZE * IMAGE_SIZE, outputs))
        super().__init__(*layers)
