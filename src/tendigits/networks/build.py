"""From a recipe's settings to a network with its first weights."""

import torch
from torch import nn

from tendigits.networks.conv import ConvNet
from tendigits.networks.mlp import MLP
from tendigits.recipes import MLPSettings, NetworkSettings


def build_network(settings: NetworkSettings, seed: int) -> nn.Module:
    """Return the network that `settings` describe, its weights drawn by `seed`.

    Torch's own random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MLP(settings.widths) if isinstance(settings, MLPSettings) else ConvNet(settings)
