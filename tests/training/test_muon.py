import pytest
import torch
from torch import nn

from tendigits.training.muon import Muon, orthogonal


@pytest.mark.parametrize("shape", [(8, 72), (64, 288), (40, 40), (96, 54)])
def test_singular_values_come_near_one_and_the_singular_vectors_stay(
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


def test_filters_keep_their_length_and_move_by_the_learning_rate() -> None:
    filters = nn.Parameter(torch.randn(16, 4, 3, 3))
    muon = Muon([filters], [], [], momentum=0.9, weight_decay=0.1)
    muon.param_groups[0]["lr"] = 0.01
    before = filters.detach() * (4 / filters.detach().norm())
    filters.grad = torch.randn(16, 4, 3, 3)
    muon.step()
    moved = (filters.detach() - before).flatten(1)
    assert torch.linalg.matrix_norm(moved, 2) == pytest.approx(0.01, rel=0.4)


def test_other_weights_move_as_by_torchs_own_nesterov_momentum() -> None:
    ours, theirs = (nn.Linear(5, 3) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    ours_weight, ours_bias = ours.parameters()
    muon = Muon([], [ours_weight], [ours_bias], momentum=0.9, weight_decay=0.01)
    groups: list[dict[str, object]] = [
        {"params": [theirs.weight], "weight_decay": 0.01},
        {"params": [theirs.bias]},
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
        for network in (ours, theirs):
            network.weight.grad, network.bias.grad = to_weight.clone(), to_bias.clone()
        muon.step()
        sgd.step()
    torch.testing.assert_close(ours.weight, theirs.weight)
    torch.testing.assert_close(ours.bias, theirs.bias)
