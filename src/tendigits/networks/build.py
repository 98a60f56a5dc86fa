"""From a recipe to its network with its first weights."""

import torch
from torch import nn

from tendigits.networks.conv import ConvNet
from tendigits.networks.ensemble import Ensemble
from tendigits.networks.mlp import MLP
from tendigits.recipes import MLPSettings, NetworkSettings, Recipe


def build_network(settings: NetworkSettings, seed: int) -> nn.Module:
    """Return the network that `settings` describe, its weights drawn by `seed`.

    Torch's own random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MLP(settings.widths) if isinstance(settings, MLPSettings) else ConvNet(settings)


def build_recogniser(recipe: Recipe) -> nn.Module:
    """Return what `recipe` trains: its network, or the ensemble of its members."""
    if recipe.members == 1:
        return build_network(recipe.network, recipe.seed)
    seeds = [recipe.member(number).seed for number in range(1, recipe.members + 1)]
    return Ensemble(build_network(recipe.network, seed) for seed in seeds)
