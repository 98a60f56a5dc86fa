from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from tendigits.evaluation.attacks import fgsm, pgd

IMAGES = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(8)
Attack = Callable[[nn.Module, Tensor, Tensor, float], Tensor]


@pytest.fixture
def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 20), nn.Tanh(), nn.Linear(20, 11))


def loss(network: nn.Module, images: Tensor) -> float:
    with torch.no_grad():
        return float(nn.functional.cross_entropy(network(images)[:, :10], LABELS))


@pytest.mark.parametrize("attack", [fgsm, pgd])
@pytest.mark.parametrize("epsilon", [0.1, 0.3])
def test_no_pixel_is_moved_by_more_than_epsilon_or_out_of_range(
    network: nn.Module, attack: Attack, epsilon: float
) -> None:
    attacked = attack(network, IMAGES, LABELS, epsilon)
    assert (attacked - IMAGES).abs().max() <= epsilon + 1e-6
    assert attacked.min() >= 0
    assert attacked.max() <= 1


@pytest.mark.parametrize("attack", [fgsm, pgd])
def test_the_loss_grows_and_more_steps_find_more(network: nn.Module, attack: Attack) -> None:
    attacked = attack(network, IMAGES, LABELS, 0.1)
    assert loss(network, attacked) > loss(network, IMAGES) + 0.01
    assert loss(network, pgd(network, IMAGES, LABELS, 0.1)) >= loss(
        network, fgsm(network, IMAGES, LABELS, 0.1)
    )


def test_a_step_goes_the_way_of_the_gradients_sign() -> None:
    weights = torch.zeros(10, 784)
    weights[3, :392], weights[3, 392:] = 1.0, -1.0
    attacked = fgsm(
        lambda x: x.flatten(1) @ weights.T, torch.full((1, 1, 28, 28), 0.5), torch.tensor([3]), 0.1
    )
    halves = attacked.flatten()
    assert halves[:392].unique().tolist() == pytest.approx([0.4])
    assert halves[392:].unique().tolist() == pytest.approx([0.6])


def test_attacks_are_the_same_each_time_and_leave_the_network_alone(network: nn.Module) -> None:
    before = [parameter.clone() for parameter in network.parameters()]
    once, again = (pgd(network, IMAGES, LABELS, 0.3) for _ in range(2))
    assert torch.equal(once, again)
    for old, new in zip(before, network.parameters(), strict=True):
        assert torch.equal(old, new)
        assert new.grad is None
