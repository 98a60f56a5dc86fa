import subprocess
import sys

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pydantic import ValidationError
from torch import nn

from tendigits.recipes import AdamWSettings, ScheduleSettings, load_recipe
from tendigits.training.optimizers import (
    Muon,
    build_optimizer,
    follow_schedule,
    orthogonal,
    rate_factor,
    set_learning_rate,
)

LEARNING_RATE, BETA_1, BETA_2, EPSILON = 0.001, 0.9, 0.999, 1e-7  # of the notebook, from Keras
SIZES = np.array([0, 1e-9, 1e-7, 1e-5, 1e-3, 1, -1, -1e-3, -1e-5, -1e-7])
GRADIENTS = [SIZES, np.roll(SIZES, 3), -SIZES]


def test_adam_steps_are_those_of_the_paper() -> None:
    network = nn.Linear(len(SIZES), 1, bias=False)
    nn.init.zeros_(network.weight)
    optimizer = build_optimizer(network, load_recipe("mlp").optimizer)
    for step in range(1, len(GRADIENTS) + 1):
        network.weight.grad = torch.tensor(GRADIENTS[step - 1], dtype=torch.float32)[None]
        optimizer.step()
        np.testing.assert_allclose(
            network.weight.detach().numpy()[0], adam(GRADIENTS[:step]), rtol=2e-5, atol=1e-12
        )


def test_every_weight_of_the_network_is_updated() -> None:
    network = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    before = [weight.detach().clone() for weight in network.parameters()]
    optimizer = build_optimizer(network, load_recipe("mlp").optimizer)
    for weight in network.parameters():
        weight.grad = torch.ones_like(weight)
    optimizer.step()
    pairs = zip(before, network.parameters(), strict=True)
    assert all((old != new).all() for old, new in pairs)


def test_no_optimizer_imports_the_compiler_of_pytorch() -> None:
    program = """if True:
        import sys, torch
        from tendigits.recipes import load_recipe
        from tendigits.training.optimizers import build_optimizer
        sgd = {"optimizer.kind": "sgd"}
        for recipe, changes in ("mlp", {}), ("best", {}), ("finder", {}), ("fast", sgd):
            network = torch.nn.Linear(3, 2)
            optimizer = build_optimizer(network, load_recipe(recipe, changes).optimizer)
            optimizer.zero_grad()
            network(torch.ones(1, 3)).sum().backward()
            optimizer.step()
            optimizer.load_state_dict(optimizer.state_dict())
        print("torch._dynamo" in sys.modules)"""
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert finished.stdout.decode().strip() == "False"


@pytest.mark.parametrize("shape", [(8, 72), (64, 288), (40, 40), (96, 54)])
def test_orthogonal_brings_singular_values_near_one_and_keeps_singular_vectors(
    shape: tuple[int, int],
) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    values = left.T @ orthogonal(matrix) @ right.T
    # Three steps of the iteration bring all but the very smallest values of a matrix near one.
    typical = values.diagonal().sort().values[len(values) // 5 :]
    assert typical.min() > 0.3
    assert typical.max() < 1.3
    off_diagonal = values - values.diagonal().diag()
    assert off_diagonal.abs().max() < 0.05


def test_muon_keeps_the_length_of_filters_and_moves_them_by_the_learning_rate() -> None:
    filters = nn.Parameter(torch.randn(16, 4, 3, 3))
    muon = Muon([filters], [], [], momentum=0.9, weight_decay=0.1)
    muon.param_groups[0]["lr"] = 0.01
    before = filters.detach() * (4 / filters.detach().norm())
    filters.grad = torch.randn(16, 4, 3, 3)
    muon.step()
    moved = (filters.detach() - before).flatten(1)
    assert torch.linalg.matrix_norm(moved, 2) == pytest.approx(0.01, rel=0.4)


def test_muon_updates_other_weights_like_torchs_nesterov_momentum() -> None:
    network, reference = (nn.Linear(5, 3) for _ in range(2))
    reference.load_state_dict(network.state_dict())
    weight, bias = network.parameters()
    muon = Muon([], [weight], [bias], momentum=0.9, weight_decay=0.01)
    groups: list[dict[str, object]] = [
        {"params": [reference.weight], "weight_decay": 0.01},
        {"params": [reference.bias]},
    ]
    sgd = torch.optim.SGD(
        groups,
        lr=0.1,
        momentum=0.9,
        nesterov=True,
    )
    for group in muon.param_groups:
        group["lr"] = 0.1
    for _ in range(4):
        to_weight, to_bias = torch.randn(3, 5), torch.randn(3)
        for each in (network, reference):
            each.weight.grad, each.bias.grad = to_weight.clone(), to_bias.clone()
        muon.step()
        sgd.step()
    torch.testing.assert_close(network.weight, reference.weight)
    torch.testing.assert_close(network.bias, reference.bias)


@pytest.mark.parametrize(
    ("done", "factor"), [(0.0, 0.0), (0.1, 0.5), (0.2, 1.0), (0.6, 0.5), (1.0, 0.0)]
)
def test_learning_rate_rises_and_falls_linearly(done: float, factor: float) -> None:
    assert rate_factor(ScheduleSettings(warmup=0.2), done) == pytest.approx(factor)


def test_an_exponential_fall_takes_the_same_factor_each_step() -> None:
    schedule = ScheduleSettings(warmup=0.2, fall="exponential", final=0.01)
    factors = [rate_factor(schedule, done) for done in (0.2, 0.4, 0.6, 0.8, 1.0)]
    assert factors == pytest.approx([0.01**0.0, 0.01**0.25, 0.01**0.5, 0.01**0.75, 0.01])


def test_an_exponential_fall_to_zero_is_rejected() -> None:
    with pytest.raises(ValidationError, match="an exponential fall needs one above 0"):
        ScheduleSettings(warmup=0.2, fall="exponential")


@pytest.mark.parametrize(
    ("done", "factor"), [(0.0, 0.0), (0.1, 0.5), (0.2, 1.0), (0.6, 0.55), (1.0, 0.1)]
)
def test_learning_rate_can_fall_along_a_cosine_to_a_fraction(done: float, factor: float) -> None:
    schedule = ScheduleSettings(warmup=0.2, fall="cosine", final=0.1)
    assert rate_factor(schedule, done) == pytest.approx(factor)
    assert rate_factor(schedule, 0.4) > 0.775  # slower than a line at first


def test_adamw_decays_matrices_and_not_biases() -> None:
    layer = nn.Linear(3, 2)
    before = layer.weight.detach().clone(), layer.bias.detach().clone()
    settings = AdamWSettings(kind="adamw", learning_rate=0.1, weight_decay=0.5)
    optimizer = build_optimizer(layer, settings)
    for weight in layer.parameters():
        weight.grad = torch.zeros_like(weight)
    optimizer.step()
    torch.testing.assert_close(layer.weight, 0.95 * before[0])
    torch.testing.assert_close(layer.bias, before[1])


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_takes_steps_with_and_without_momentum(momentum: float) -> None:
    layer = nn.Linear(3, 2, bias=False)
    before = layer.weight.detach().clone()
    settings = {"optimizer.kind": "sgd", "optimizer.momentum": momentum}
    recipe = load_recipe("fast", {**settings, "optimizer.weight_decay": 0.0})
    optimizer = build_optimizer(layer, recipe.optimizer)
    set_learning_rate(optimizer, 0.1)
    layer.weight.grad = torch.ones_like(layer.weight)
    optimizer.step()
    torch.testing.assert_close(layer.weight, before - 0.1 * (1 + momentum))


def test_only_the_last_of_several_steps_has_a_learning_rate_of_0() -> None:
    recipe = load_recipe("fast", {"epochs": 1})
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(2))], lr=0.5)
    rates = []
    for steps in (1, 2, 4):
        for step in range(1, steps + 1):
            follow_schedule(optimizer, recipe, 1, step, steps)
            rates.append(optimizer.param_groups[0]["lr"] / recipe.optimizer.learning_rate)
    assert rates == pytest.approx([0.625, 0.625, 0.0, 0.9375, 0.625, 0.3125, 0.0])


def test_learning_rate_only_falls_without_warmup() -> None:
    assert rate_factor(ScheduleSettings(warmup=0.0), 0.0) == 1.0


def test_learning_rate_is_constant_without_a_schedule() -> None:
    assert [rate_factor(None, done) for done in (0.0, 0.5, 1.0)] == [1.0, 1.0, 1.0]


def test_learning_rate_is_set_for_every_group_of_weights() -> None:
    weights = [{"params": [torch.nn.Parameter(torch.zeros(2))]} for _ in range(2)]
    optimizer = torch.optim.SGD(weights, lr=0.5)
    set_learning_rate(optimizer, 0.25)
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.25]


def adam(gradients: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the weights after steps from zero. Source: Algorithm 1 of arXiv:1412.6980."""
    weights, mean, square = np.zeros((3, len(gradients[0])))
    for step, gradient in enumerate(gradients, start=1):
        mean = BETA_1 * mean + (1 - BETA_1) * gradient
        square = BETA_2 * square + (1 - BETA_2) * gradient**2
        mean_hat = mean / (1 - BETA_1**step)
        square_hat = square / (1 - BETA_2**step)
        weights = weights - LEARNING_RATE * mean_hat / (np.sqrt(square_hat) + EPSILON)
    return weights
