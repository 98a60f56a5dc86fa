"""From a recipe to its network with initial weights."""

import torch
from torch import nn

from tendigits.data import CLASSES
from tendigits.networks.architectures import MLP, ConvNet, Ensemble, SequentialNet
from tendigits.networks.finder import FinderNetwork
from tendigits.recipes import (
    FinderSettings,
    MLPSettings,
    NetworkSettings,
    Recipe,
    SequentialSettings,
)


def build_network(settings: NetworkSettings, seed: int, outputs: int = CLASSES) -> nn.Module:
    """Return the network that `settings` describe, with weights drawn by `seed`.

    Torch's global random state is not changed.

    Args:
        settings: the architecture.
        seed: the same seed gives the same weights.
        outputs: the number of logits of a classifier: one per digit, and one more for non-digits.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _network(settings, outputs)
    # A training step takes a quarter to a third less time on a CPU.
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def build_classifier(recipe: Recipe) -> nn.Module:
    """Return the network of `recipe`, or the ensemble of its members' networks."""
    if not recipe.is_ensemble:
        return _of_recipe(recipe)
    return Ensemble(map(_of_recipe, recipe.member_recipes))


def count_outputs(recipe: Recipe) -> int:
    """Return the number of logits of the recipe's network: ten, or eleven with `ood`."""
    return CLASSES + (recipe.ood is not None)


def _network(settings: NetworkSettings, outputs: int) -> nn.Module:
    if isinstance(settings, FinderSettings):
        return FinderNetwork(settings.widths, settings.blocks, settings.neck_width)
    if isinstance(settings, MLPSettings):
        return MLP(settings.widths, outputs)
    if isinstance(settings, SequentialSettings):
        return SequentialNet(settings, outputs)
    return ConvNet(settings, outputs)


def _of_recipe(recipe: Recipe) -> nn.Module:
    return build_network(recipe.network, recipe.seed, count_outputs(recipe))
