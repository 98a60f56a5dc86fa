import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tendigits.data import Dataset
from tendigits.networks import Ensemble, build_network, count_multiply_adds, count_parameters
from tendigits.networks.architectures import MLP, Linear, MaxAndMean, SqueezeExcite
from tendigits.recipes import ConvSettings, SequentialSettings, load_recipe

SMALL_CONV = ConvSettings(
    kind="conv", stem_channels=4, stem_kernel=5, stem_stride=1, stages=[[6], [8]], padded=False
)
SMALL_ENSEMBLE = {"network.stem_channels": 4, "network.stages": [[6]]}
LENET_5 = SequentialSettings.model_validate(
    {
        "kind": "sequential",
        "layers": [
            *({"kind": "conv", "channels": 6, "kernel": 5, "padding": 2}, "tanh", "mean_pool"),
            *({"kind": "conv", "channels": 16, "kernel": 5}, "tanh", "mean_pool", "flatten"),
            *({"kind": "linear", "units": 120}, "tanh", {"kind": "linear", "units": 84}, "tanh"),
        ],
    }
)
EVERY_LAYER = SequentialSettings.model_validate(
    {
        "kind": "sequential",
        "layers": [
            *({"kind": "conv", "channels": 8}, "batch_norm", "relu", "max_pool"),
            *({"kind": "squeeze_excite", "units": 2}, "tanh", "mean_pool", "max_and_mean"),
            *({"kind": "dropout", "fraction": 0.5}, {"kind": "linear", "units": 5}, "batch_norm"),
        ],
    }
)
SIZES = [(100, 784, 350), (100, 350, 350), (100, 350, 10), (1, 784, 350), (7, 3, 5)]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("widths", [[], [30], [350, 350]])
def test_mlp_logits_agree_with_the_formula_in_numpy(
    mnist: Dataset, widths: list[int], training: bool
) -> None:
    images = mnist.test.images[:20] / 255
    network = MLP(widths).train(training)
    logits = network(torch.from_numpy(images[:, np.newaxis]).float())
    assert logits.shape == (20, 10)
    np.testing.assert_allclose(logits.detach().numpy(), formula(network, images), atol=1e-5)


def test_mlp_does_not_change_its_input() -> None:
    images = torch.rand(5, 1, 28, 28) - 0.5  # a ReLU in place would cut the negative ones
    before = images.clone()
    MLP([30])(images)
    assert torch.equal(images, before)


def test_lenet_5_has_the_published_number_of_parameters() -> None:
    network = build_network(LENET_5, seed=0)
    assert count_parameters(network) == 61_706
    assert network(torch.zeros(3, 1, 28, 28)).shape == (3, 10)


def test_a_sequence_of_every_layer_gives_as_many_logits_as_asked() -> None:
    network = build_network(EVERY_LAYER, seed=0, outputs=11)
    assert network(torch.rand(3, 1, 28, 28)).shape == (3, 11)


def test_squeeze_excite_weighs_each_channel_by_all_channels_means() -> None:
    layer, inputs = SqueezeExcite(4, 2), torch.rand(3, 4, 5, 5)
    hidden = layer.weights[0](inputs.mean((2, 3))).relu()
    weights = 1 / (1 + torch.exp(-layer.weights[2](hidden)))
    torch.testing.assert_close(layer(inputs), torch.einsum("ncij,nc->ncij", inputs, weights))


def test_convnet_gives_ten_logits_per_image() -> None:
    assert build_network(SMALL_CONV, seed=0)(torch.zeros(3, 1, 28, 28)).shape == (3, 10)


@pytest.mark.parametrize(("stride", "full_resolution"), [(1, False), (1, True), (2, False)])
@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("separable", [True, False])
def test_convnet_can_be_built_with_every_combination_of_settings(
    stride: int, *, full_resolution: bool, padded: bool, separable: bool
) -> None:
    form = {
        "stem_stride": stride,
        "full_resolution": full_resolution,
        "padded": padded,
        "separable": separable,
    }
    settings = SMALL_CONV.model_copy(update=form)
    assert build_network(settings, seed=0)(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_convnet_has_the_expected_number_of_parameters() -> None:
    convolutions = 25 * 4 + 9 * 4 * 6 + 9 * 6 * 8
    scales = 2 * (4 + 6 + 8)
    assert (
        count_parameters(build_network(SMALL_CONV, seed=0)) == convolutions + scales + 16 * 10 + 10
    )


def test_separable_convnet_has_the_expected_number_of_parameters() -> None:
    convolutions = 25 * 4 + (9 * 4 + 4 * 6) + (9 * 6 + 6 * 8)
    scales = 2 * (4 + (4 + 6) + (6 + 8))
    network = build_network(SMALL_CONV.model_copy(update={"separable": True}), seed=0)
    assert count_parameters(network) == convolutions + scales + 16 * 10 + 10


def test_multiply_adds_of_a_convnet_are_counted() -> None:
    expected = 24 * 24 * 25 * 4 + 10 * 10 * 9 * 4 * 6 + 3 * 3 * 9 * 6 * 8 + 160
    assert count_multiply_adds(build_network(SMALL_CONV, seed=0)) == expected


def test_with_full_resolution_the_first_stage_has_the_resolution_of_the_image() -> None:
    expected = 28 * 28 * 25 * 4 + 26 * 26 * 9 * 4 * 6 + 11 * 11 * 9 * 6 * 8 + 160
    network = build_network(SMALL_CONV.model_copy(update={"full_resolution": True}), seed=0)
    assert count_multiply_adds(network) == expected


def test_max_and_mean_pools_over_each_channel() -> None:
    inputs = torch.rand(2, 3, 4, 4)
    outputs = MaxAndMean()(inputs)
    torch.testing.assert_close(outputs[:, :3], inputs.flatten(2).max(dim=2).values)
    torch.testing.assert_close(outputs[:, 3:], inputs.flatten(2).mean(dim=2))


def test_ensemble_predicts_the_mean_of_its_members_probabilities() -> None:
    recipe = load_recipe("fast", SMALL_ENSEMBLE)
    members = [build_network(recipe.network, seed).eval() for seed in range(3)]
    images = torch.rand(5, 1, 28, 28)
    log_probabilities = Ensemble(members)(images)
    expected = sum(functional.softmax(member(images), 1) for member in members) / 3
    torch.testing.assert_close(log_probabilities.exp(), expected)


@pytest.mark.parametrize(("inputs", "outputs"), [(784, 350), (350, 350), (350, 10)])
def test_linear_weights_are_uniform_within_glorots_bound(inputs: int, outputs: int) -> None:
    bound = math.sqrt(6 / (inputs + outputs))
    weights = seeded_layer(inputs, outputs).weight.detach().double() / bound
    assert 0.99 < weights.abs().max().item() <= 1 + 1e-6
    assert weights.mean().item() == pytest.approx(0, abs=0.03)
    assert weights.var().item() == pytest.approx(1 / 3, rel=0.05)


def test_linear_biases_are_zero_at_first() -> None:
    assert not seeded_layer(784, 350).bias.any()


@pytest.mark.parametrize("inputs_need_gradients", [False, True])
@pytest.mark.parametrize(("batch", "inputs", "outputs"), SIZES)
def test_linear_outputs_and_gradients_agree_with_float64(
    batch: int, inputs: int, outputs: int, inputs_need_gradients: bool
) -> None:
    given = torch.randn(batch, inputs, generator=generator())
    upstream = torch.randn(batch, outputs, generator=generator())
    check_against_float64(seeded_layer(inputs, outputs), given, upstream, inputs_need_gradients)


def test_linear_accepts_inputs_with_any_strides() -> None:
    transposed = torch.randn(784, 100, generator=generator()).t()
    of_a_sum = torch.ones(()).expand(100, 350)
    check_against_float64(seeded_layer(784, 350), transposed, of_a_sum, inputs_need_gradients=True)


def test_linear_gives_the_same_outputs_in_training_and_evaluation() -> None:
    layer, inputs = seeded_layer(784, 350), torch.randn(100, 784, generator=generator())
    assert relative_error(layer.train()(inputs), layer.eval()(inputs).double()) < 1e-5


def test_linear_can_be_trained_in_float64() -> None:
    layer = seeded_layer(784, 350).double()
    inputs = torch.randn(100, 784, generator=generator(), dtype=torch.float64)
    torch.autograd.backward(layer(inputs).sum())
    assert layer.weight.grad is not None
    assert layer.weight.grad.dtype == torch.float64


def formula(network: nn.Module, images: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return logits in float64: matrix multiplications, biases, and ReLU between the layers."""
    values = images.reshape(len(images), 28 * 28)
    layers = [p.detach().double().numpy() for p in network.parameters()]
    for weights, biases in zip(layers[:-2:2], layers[1:-2:2], strict=True):
        values = np.maximum(values @ weights.T + biases, 0)
    return np.asarray(values @ layers[-2].T + layers[-1])


def check_against_float64(
    layer: Linear, inputs: Tensor, upstream: Tensor, inputs_need_gradients: bool
) -> None:
    """Check outputs and gradients against PyTorch's own multiplication in float64."""
    torch.nn.init.normal_(layer.bias, generator=generator())
    inputs = inputs.detach().requires_grad_(inputs_need_gradients)
    exact = [t.detach().double().requires_grad_() for t in (inputs, layer.weight, layer.bias)]
    outputs, exact_outputs = layer(inputs), functional.linear(*exact)
    torch.autograd.backward(outputs, upstream)
    torch.autograd.backward(exact_outputs, upstream.double())

    assert relative_error(outputs, exact_outputs) < 1e-5
    for found, expected in zip((inputs, layer.weight, layer.bias), exact, strict=True):
        if found.requires_grad:
            assert found.grad is not None
            assert expected.grad is not None
            assert relative_error(found.grad, expected.grad) < 1e-5


def relative_error(found: Tensor, expected: Tensor) -> float:
    assert found.shape == expected.shape
    return ((found.double() - expected).abs().max() / expected.abs().max()).item()


def seeded_layer(inputs: int, outputs: int) -> Linear:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Linear(inputs, outputs)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)
