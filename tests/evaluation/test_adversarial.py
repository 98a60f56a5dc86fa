from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tendigits.data import Dataset
from tendigits.evaluation.adversarial import fgsm, measure_adversarial, pgd
from tendigits.evaluation.report import AdversarialRobustness
from tendigits.loading import load_classifier

IMAGES = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(8)
Attack = Callable[[nn.Module, Tensor, Tensor, float], Tensor]


@pytest.fixture
def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 20), nn.Tanh(), nn.Linear(20, 11))


@pytest.fixture(scope="module")
def measured(mnist: Dataset) -> AdversarialRobustness:
    network = load_classifier("mlp").torch_network()
    assert network is not None
    few = mnist.test.subset(np.arange(300))
    return measure_adversarial(network, few, lambda *_: None)


def loss(network: nn.Module, images: Tensor) -> float:
    with torch.no_grad():
        return float(nn.functional.cross_entropy(network(images)[:, :10], LABELS))


@pytest.mark.parametrize("attack", [fgsm, pgd])
@pytest.mark.parametrize("epsilon", [0.1, 0.3])
def test_no_pixel_changes_by_more_than_epsilon_or_leaves_the_range(
    network: nn.Module, attack: Attack, epsilon: float
) -> None:
    attacked = attack(network, IMAGES, LABELS, epsilon)
    assert (attacked - IMAGES).abs().max() <= epsilon + 1e-6
    assert attacked.min() >= 0
    assert attacked.max() <= 1


def test_attacks_increase_the_loss_and_pgd_no_less_than_fgsm(network: nn.Module) -> None:
    clean, after_fgsm, after_pgd = (
        loss(network, images)
        for images in (
            IMAGES,
            fgsm(network, IMAGES, LABELS, 0.1),
            pgd(network, IMAGES, LABELS, 0.1),
        )
    )
    assert clean + 0.01 < after_fgsm <= after_pgd


def test_fgsm_steps_along_the_sign_of_the_gradient() -> None:
    weights = torch.zeros(10, 784)
    weights[3, :392], weights[3, 392:] = 1.0, -1.0
    attacked = fgsm(
        lambda x: x.flatten(1) @ weights.T, torch.full((1, 1, 28, 28), 0.5), torch.tensor([3]), 0.1
    )
    halves = attacked.flatten()
    assert halves[:392].unique().tolist() == pytest.approx([0.4])
    assert halves[392:].unique().tolist() == pytest.approx([0.6])


def test_attacks_are_deterministic_and_leave_the_network_unchanged(network: nn.Module) -> None:
    before = [parameter.clone() for parameter in network.parameters()]
    once, again = (pgd(network, IMAGES, LABELS, 0.3) for _ in range(2))
    assert torch.equal(once, again)
    for old, new in zip(before, network.parameters(), strict=True):
        assert torch.equal(old, new)
        assert new.grad is None


def test_accuracy_of_an_undefended_network_falls_with_epsilon(
    measured: AdversarialRobustness,
) -> None:
    accuracy = {(each.name, each.epsilon): each.accuracy for each in measured.attacks}
    assert measured.clean_accuracy > 0.95
    assert accuracy["FGSM", 0.1] < 0.7
    assert accuracy["FGSM", 0.3] < accuracy["FGSM", 0.1]
    assert accuracy["PGD", 0.1] <= accuracy["FGSM", 0.1]
    assert accuracy["PGD", 0.3] < 0.05


def test_intervals_contain_the_accuracy(measured: AdversarialRobustness) -> None:
    assert measured.images == 300
    for each in measured.attacks:
        low, high = each.interval_95
        assert low <= each.accuracy <= high
        assert high - low < 0.13
