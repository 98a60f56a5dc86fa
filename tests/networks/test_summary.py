import pytest

from tendigits.networks import build_network, count_parameters, summary_table
from tendigits.recipes import load_recipe

NOTEBOOK_SUMMARY = """\
layer    output shape    parameters
-----------------------------------
Input    (n, 1, 28, 28)           0
Flatten  (n, 784)                 0
Linear   (n, 350)           274,750
ReLU     (n, 350)                 0
Linear   (n, 350)           122,850
ReLU     (n, 350)                 0
Linear   (n, 10)              3,510
-----------------------------------
total                       401,110"""


def test_summary_of_the_mlp_recipe_is_that_of_the_notebook() -> None:
    assert summary_table(build_network(load_recipe("mlp").network, seed=0)) == NOTEBOOK_SUMMARY


def test_mlp_recipe_has_401_110_parameters() -> None:
    assert count_parameters(build_network(load_recipe("mlp").network, seed=0)) == 401_110


@pytest.mark.parametrize("training", [True, False])
def test_summary_leaves_mode_and_hooks_of_the_network_unchanged(training: bool) -> None:
    network = build_network(load_recipe("mlp").network, seed=0).train(training)
    summary_table(network)
    assert {module.training for module in network.modules()} == {training}
    assert not any(module._forward_hooks for module in network.modules())
