import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tendigits.recipes import load_recipe
from tendigits.training.optimizer import build_optimizer

LEARNING_RATE, BETA_1, BETA_2, EPSILON = 0.001, 0.9, 0.999, 1e-7  # the notebook's, from Keras
SIZES = np.array([0, 1e-9, 1e-7, 1e-5, 1e-3, 1, -1, -1e-3, -1e-5, -1e-7])
GRADIENTS = [SIZES, np.roll(SIZES, 3), -SIZES]


def test_steps_are_those_of_the_paper() -> None:
    network = nn.Linear(len(SIZES), 1, bias=False)
    nn.init.zeros_(network.weight)
    optimizer = build_optimizer(network, load_recipe("mlp").optimizer)
    for step in range(1, len(GRADIENTS) + 1):
        network.weight.grad = torch.tensor(GRADIENTS[step - 1], dtype=torch.float32)[None]
        optimizer.step()
        np.testing.assert_allclose(
            network.weight.detach().numpy()[0], adam(GRADIENTS[:step]), rtol=2e-5, atol=1e-12
        )


def test_every_weight_of_the_network_is_moved() -> None:
    network = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    before = [weight.detach().clone() for weight in network.parameters()]
    optimizer = build_optimizer(network, load_recipe("mlp").optimizer)
    for weight in network.parameters():
        weight.grad = torch.ones_like(weight)
    optimizer.step()
    pairs = zip(before, network.parameters(), strict=True)
    assert all((old != new).all() for old, new in pairs)


def adam(gradients: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return what weights of zero become. Source: Algorithm 1 of arXiv:1412.6980."""
    weights, mean, square = np.zeros((3, len(gradients[0])))
    for step, gradient in enumerate(gradients, start=1):
        mean = BETA_1 * mean + (1 - BETA_1) * gradient
        square = BETA_2 * square + (1 - BETA_2) * gradient**2
        mean_hat = mean / (1 - BETA_1**step)
        square_hat = square / (1 - BETA_2**step)
        weights = weights - LEARNING_RATE * mean_hat / (np.sqrt(square_hat) + EPSILON)
    return weights
