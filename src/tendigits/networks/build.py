"""From a recipe to its network with its first weights."""

import torch
from torch import nn

from tendigits.data import CLASSES
from tendigits.networks.conv import ConvNet
from tendigits.networks.ensemble import Ensemble
from tendigits.networks.mlp import MLP
from tendigits.recipes import MLPSettings, NetworkSettings, Recipe


def build_network(settings: NetworkSettings, seed: int, outputs: int = CLASSES) -> nn.Module:
    """Return the network that `settings` describe, its weights drawn by `seed`.

    Torch's own random state is left as it was.

    Args:
        settings: its form.
        seed: the same seed gives the same weights.
        outputs: how many logits it gives: one a digit, and perhaps one for what is no digit.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if isinstance(settings, MLPSettings):
            return MLP(settings.widths, outputs)
        return ConvNet(settings, outputs)


def build_classifier(recipe: Recipe) -> nn.Module:
    """Return what `recipe` trains: its network, or the ensemble of its members."""
    if recipe.members == 1:
        return build_network(recipe.network, recipe.seed, count_outputs(recipe))
    seeds = [recipe.member(number).seed for number in range(1, recipe.members + 1)]
    outputs = count_outputs(recipe)
    return Ensemble(build_network(recipe.network, seed, outputs) for seed in seeds)


def count_outputs(recipe: Recipe) -> int:
    """Return how many logits the recipe's network gives: ten, and one more where it rejects."""
    return CLASSES + (recipe.ood is not None)
