import torch
from torch.nn import functional

from tendigits.networks import Ensemble, build_classifier, build_network, count_parameters
from tendigits.recipes import load_recipe

SMALL = {"network.stem_channels": 4, "network.stages": [[6]]}


def test_the_answer_is_the_mean_of_the_members_probabilities() -> None:
    recipe = load_recipe("fast", SMALL)
    members = [build_network(recipe.network, seed).eval() for seed in range(3)]
    images = torch.rand(5, 1, 28, 28)
    answers = Ensemble(members)(images)
    expected = sum(functional.softmax(member(images), 1) for member in members) / 3
    torch.testing.assert_close(answers.exp(), expected)


def test_an_ensembles_recipe_makes_members_with_weights_of_their_own() -> None:
    recipe = load_recipe("fast", {**SMALL, "members": 3})
    ensemble = build_classifier(recipe)
    assert count_parameters(ensemble) == 3 * count_parameters(build_network(recipe.network, 0))
    firsts = [next(member.parameters()) for member in ensemble.members]  # type: ignore[union-attr]
    assert not torch.equal(firsts[0], firsts[1])
    assert not torch.equal(firsts[0], firsts[2])


def test_no_two_members_of_any_seeds_share_a_seed() -> None:
    seeds = [
        load_recipe("fast", {"seed": seed, "members": 20}).member(number).seed
        for seed in range(10)
        for number in range(1, 21)
    ]
    assert len(set(seeds)) == 200
