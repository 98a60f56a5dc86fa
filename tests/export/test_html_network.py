import pytest
from torch import nn

from tendigits.export.html_network import Layer, layers_of
from tendigits.networks import build_network
from tendigits.networks.architectures import Ensemble, SqueezeExcite
from tendigits.recipes import load_recipe

HEAD = (nn.Flatten(), nn.Linear(2 * 26 * 26, 10))


@pytest.mark.parametrize(
    "network",
    [
        Ensemble([nn.Sequential(nn.Flatten(), nn.Linear(784, 10)) for _ in range(2)]),
        nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), SqueezeExcite(2, 4), *HEAD),
    ],
    ids=["Ensemble", "SqueezeExcite"],
)
def test_network_that_is_no_plain_sequence_of_layers_is_rejected(
    network: nn.Module, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(TypeError, match=f"^{request.node.callspec.id}$"):
        layers_of(network)


@pytest.mark.parametrize("recipe", ["mlp", "tiny", "reader"])
def test_layers_have_the_order_and_names_of_the_network(recipe: str) -> None:
    network = build_network(load_recipe(recipe).network, seed=0)
    names = [
        name
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    ]
    assert [each.name for each in layers_of(network) if isinstance(each, Layer)] == names
