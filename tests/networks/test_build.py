import pytest
import torch
from torch import Tensor, nn

from tendigits.networks import build_network
from tendigits.recipes import MLPSettings, load_recipe

SETTINGS = MLPSettings(kind="mlp", widths=[20, 10])


def test_the_seed_fixes_the_first_weights() -> None:
    first, again = build_network(SETTINGS, seed=3), build_network(SETTINGS, seed=3)
    assert all(torch.equal(a, b) for a, b in zip(weights(first), weights(again), strict=True))


def test_another_seed_gives_other_weights() -> None:
    one, other = build_network(SETTINGS, seed=3), build_network(SETTINGS, seed=4)
    pairs = zip(weights(one), weights(other), strict=True)
    assert not any(torch.equal(a, b) for a, b in pairs if a.ndim == 2)


def test_torchs_own_random_state_is_left_as_it_was() -> None:
    before = torch.get_rng_state()
    build_network(SETTINGS, seed=3)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_shipped_recipe_describes_the_notebooks_network() -> None:
    recipe = load_recipe("mlp")
    shapes = [tuple(weight.shape) for weight in weights(build_network(recipe.network, recipe.seed))]
    assert shapes == [(350, 784), (350,), (350, 350), (350,), (10, 350), (10,)]


@pytest.mark.parametrize("widths", [[], [1], [5, 4, 3]])
def test_as_many_layers_are_built_as_the_recipe_names(widths: list[int]) -> None:
    network = build_network(MLPSettings(kind="mlp", widths=widths), seed=0)
    outputs = [weight.shape[0] for weight in weights(network) if weight.ndim == 2]
    assert outputs == [*widths, 10]


def weights(network: nn.Module) -> list[Tensor]:
    return list(network.parameters())
