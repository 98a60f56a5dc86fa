"""The finder: a fully convolutional network from a grey page to characters and their boxes."""

import copy
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tendigits.data.pages.targets import BOX_UNIT
from tendigits.images.finder import CHARACTERS, STRIDE
from tendigits.networks.architectures import ConvUnit

# Maps: a character's presence, its classes, the distances of its box's four sides.
PAGE_SIDE = 96  # pixels along a side of a page of typical size
MAPS = (1, len(CHARACTERS), 4)


class FinderNetwork(nn.Module):
    """Pages (n, 1, h, w) float32, 0 to 255, h and w multiples of 32 -> maps (n, 20, h/4, w/4).

    The maps are the logit of a character's presence, the logits of its 15 classes, and the
    distances of its box's sides. A pyramid of strides 2 to 32 with residual blocks; the coarse
    levels are added to the finer ones. Source: T.-Y. Lin et al., "Feature Pyramid Networks for
    Object Detection" (2017).
    """

    def __init__(self, widths: Sequence[int], blocks: Sequence[int], neck: int) -> None:
        """Make the layers, with weights drawn from torch's generator.

        Args:
            widths: the channels at strides 2, 4, 8, 16 and 32.
            blocks: the residual blocks at strides 4, 8, 16 and 32.
            neck: the channels of the pyramid that is added up.
        """
        super().__init__()
        self.stem = ConvUnit(1, widths[0], 5, 2, 2)
        self.stages = nn.ModuleList(
            nn.Sequential(
                ConvUnit(before, width, 3, 2, 1), *(ResidualBlock(width) for _ in range(count))
            )
            for before, width, count in zip(widths, widths[1:], blocks, strict=False)
        )
        self.laterals = nn.ModuleList(nn.Conv2d(width, neck, 1) for width in widths[1:])
        self.smooth = nn.ModuleList(ConvUnit(neck, neck, 3, 1, 1) for _ in range(2))
        self.head = ConvUnit(neck, neck, 3, 1, 1)
        self.out = nn.Conv2d(neck, sum(MAPS), 1)
        self.out.get_parameter("bias").data[0] = -4.0  # characters are rare

    def forward(self, pages: Tensor) -> Tensor:
        """Return the maps (n, 20, h/4, w/4)."""
        mean = pages.mean((1, 2, 3), keepdim=True)
        centred = pages - mean
        spread = centred.square().mean((1, 2, 3), keepdim=True).sqrt()
        features = self.stem(centred / (spread + 1.0))
        levels = []
        for stage, lateral in zip(self.stages, self.laterals, strict=True):
            features = stage(features)
            levels.append(lateral(features))
        merged = levels.pop()
        while levels:
            merged = levels.pop() + functional.interpolate(merged, scale_factor=2.0)
            if len(levels) < 2:
                merged = self.smooth[len(levels)](merged)
        maps: Tensor = self.out(self.head(merged))
        return maps


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions whose result is added to their input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = ConvUnit(width, width, 3, 1, 1)
        self.second = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(width)

    def forward(self, features: Tensor) -> Tensor:
        """Return features of the same shape."""
        return functional.relu(features + self.norm(self.second(self.first(features))))


class FinderGraph(nn.Module):
    """What is exported: pages (n, 1, h, w) -> scores, class probabilities and boxes of cells."""

    def __init__(self, network: FinderNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, pages: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the scores of peaks (n, 1, h/4, w/4), classes (n, 15, ...), boxes (n, 4, ...).

        A score is 0 where a neighbour's is higher. Boxes are left, top, right and bottom in
        pixels of the page.
        """
        maps = self.network(pages)
        heat, classes, sides = maps.split(MAPS, 1)
        scores = heat.sigmoid()
        peaks = functional.max_pool2d(scores, 3, 1, 1)
        height, width = maps.shape[2:]
        rows = (torch.arange(height, device=maps.device).float() + 0.5).view(1, 1, -1, 1) * STRIDE
        columns = (torch.arange(width, device=maps.device).float() + 0.5).view(1, 1, 1, -1) * STRIDE
        left, top, right, bottom = (sides * BOX_UNIT).split(1, 1)
        boxes = torch.cat([columns - left, rows - top, columns + right, rows + bottom], 1)
        return scores * (scores >= peaks), classes.softmax(1), boxes


def finder_of_weights(weights: Mapping[str, Tensor]) -> FinderNetwork:
    """Return the network whose weights these are, with as many layers and channels as they have."""
    stages = {name.split(".")[1] for name in weights if name.startswith("stages.")}
    firsts = [weights[f"stages.{stage}.0.0.weight"] for stage in sorted(stages)]
    blocks = [
        sum(name.startswith(f"stages.{stage}.") and ".second." in name for name in weights)
        for stage in sorted(stages)
    ]
    widths = [len(weights["stem.0.weight"]), *(len(first) for first in firsts)]
    network = FinderNetwork(widths, blocks, neck=len(weights["laterals.0.weight"]))
    network.load_state_dict(weights)
    return network


def folded(network: FinderNetwork) -> FinderNetwork:
    """Return a copy in evaluation mode whose batch normalisations are part of its convolutions."""
    copied = copy.deepcopy(network).eval()
    for module in copied.modules():
        if isinstance(module, ConvUnit):
            module[0], module[1] = _fused(module[0], module[1]), nn.Identity()
        elif isinstance(module, ResidualBlock):
            module.second = _fused(module.second, module.norm)
            module.norm = nn.Identity()
    return copied


def _fused(convolution: nn.Module, norm: nn.Module) -> nn.Conv2d:
    assert isinstance(convolution, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    return fuse_conv_bn_eval(convolution, norm)
