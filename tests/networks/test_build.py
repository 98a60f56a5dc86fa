import pytest
import torch
from torch import Tensor, nn

from tendigits.networks import build_classifier, build_network, count_outputs, count_parameters
from tendigits.recipes import MLPSettings, load_recipe

SETTINGS = MLPSettings(kind="mlp", widths=[20, 10])
SMALL = {"network.stem_channels": 4, "network.stages": [[6]]}


def test_same_seed_gives_the_same_weights() -> None:
    first, again = build_network(SETTINGS, seed=3), build_network(SETTINGS, seed=3)
    assert all(torch.equal(a, b) for a, b in zip(weights(first), weights(again), strict=True))


def test_another_seed_gives_other_weights() -> None:
    one, other = build_network(SETTINGS, seed=3), build_network(SETTINGS, seed=4)
    pairs = zip(weights(one), weights(other), strict=True)
    assert not any(torch.equal(a, b) for a, b in pairs if a.ndim == 2)


def test_torchs_global_random_state_is_not_changed() -> None:
    before = torch.get_rng_state()
    build_network(SETTINGS, seed=3)
    assert torch.equal(torch.get_rng_state(), before)


def test_mlp_recipe_describes_the_network_of_the_notebook() -> None:
    recipe = load_recipe("mlp")
    shapes = [tuple(weight.shape) for weight in weights(build_network(recipe.network, recipe.seed))]
    assert shapes == [(350, 784), (350,), (350, 350), (350,), (10, 350), (10,)]


@pytest.mark.parametrize("widths", [[], [1], [5, 4, 3]])
def test_mlp_has_a_layer_for_each_width(widths: list[int]) -> None:
    network = build_network(MLPSettings(kind="mlp", widths=widths), seed=0)
    outputs = [weight.shape[0] for weight in weights(network) if weight.ndim == 2]
    assert outputs == [*widths, 10]


def test_members_of_an_ensemble_have_different_weights() -> None:
    recipe = load_recipe("fast", {**SMALL, "members": 3})
    ensemble = build_classifier(recipe)
    assert count_parameters(ensemble) == 3 * count_parameters(build_network(recipe.network, 0))
    firsts = [next(member.parameters()) for member in ensemble.members]  # type: ignore[union-attr]
    assert not torch.equal(firsts[0], firsts[1])
    assert not torch.equal(firsts[0], firsts[2])


def test_members_of_ensembles_with_any_seeds_have_different_seeds() -> None:
    seeds = [
        member.seed
        for seed in range(10)
        for member in load_recipe("fast", {"seed": seed, "members": 20}).member_recipes
    ]
    assert len(set(seeds)) == 200


@pytest.mark.parametrize(("recipe", "outputs"), [("mlp", 10), ("reader", 11)])
def test_recipe_with_ood_images_has_an_output_for_non_digits(recipe: str, outputs: int) -> None:
    assert count_outputs(load_recipe(recipe)) == outputs


def weights(network: nn.Module) -> list[Tensor]:
    return list(network.parameters())
