import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tendigits.networks.linear import Linear

SIZES = [(100, 784, 350), (100, 350, 350), (100, 350, 10), (1, 784, 350), (7, 3, 5)]


@pytest.mark.parametrize(("inputs", "outputs"), [(784, 350), (350, 350), (350, 10)])
def test_weights_are_drawn_evenly_within_glorots_bound(inputs: int, outputs: int) -> None:
    bound = math.sqrt(6 / (inputs + outputs))
    weights = seeded_layer(inputs, outputs).weight.detach().double() / bound
    assert 0.99 < weights.abs().max().item() <= 1 + 1e-6
    assert weights.mean().item() == pytest.approx(0, abs=0.03)
    assert weights.var().item() == pytest.approx(1 / 3, rel=0.05)


def test_biases_start_at_zero() -> None:
    assert not seeded_layer(784, 350).bias.any()


@pytest.mark.parametrize("inputs_need_gradients", [False, True])
@pytest.mark.parametrize(("batch", "inputs", "outputs"), SIZES)
def test_outputs_and_gradients_are_those_of_float64(
    batch: int, inputs: int, outputs: int, inputs_need_gradients: bool
) -> None:
    given = torch.randn(batch, inputs, generator=generator())
    upstream = torch.randn(batch, outputs, generator=generator())
    agrees_with_float64(seeded_layer(inputs, outputs), given, upstream, inputs_need_gradients)


def test_strides_of_any_kind_are_read_right() -> None:
    transposed = torch.randn(784, 100, generator=generator()).t()
    of_a_sum = torch.ones(()).expand(100, 350)
    agrees_with_float64(seeded_layer(784, 350), transposed, of_a_sum, inputs_need_gradients=True)


def test_training_and_evaluation_give_the_same_outputs() -> None:
    layer, inputs = seeded_layer(784, 350), torch.randn(100, 784, generator=generator())
    assert relative_error(layer.train()(inputs), layer.eval()(inputs).double()) < 1e-5


def test_other_types_than_float32_can_be_trained() -> None:
    layer = seeded_layer(784, 350).double()
    inputs = torch.randn(100, 784, generator=generator(), dtype=torch.float64)
    torch.autograd.backward(layer(inputs).sum())
    assert layer.weight.grad is not None
    assert layer.weight.grad.dtype == torch.float64


def agrees_with_float64(
    layer: Linear, inputs: Tensor, upstream: Tensor, inputs_need_gradients: bool
) -> None:
    """Check outputs and gradients against PyTorch's own product in float64."""
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
