import pytest
import torch

from tendigits.recipes import ScheduleSettings
from tendigits.training.schedule import rate_factor, set_learning_rate


@pytest.mark.parametrize(
    ("done", "factor"), [(0.0, 0.0), (0.1, 0.5), (0.2, 1.0), (0.6, 0.5), (1.0, 0.0)]
)
def test_the_rate_goes_up_and_down_in_lines(done: float, factor: float) -> None:
    assert rate_factor(ScheduleSettings(warmup=0.2), done) == pytest.approx(factor)


def test_without_warmup_it_only_goes_down() -> None:
    assert rate_factor(ScheduleSettings(warmup=0.0), 0.0) == 1.0


def test_without_a_schedule_it_stays() -> None:
    assert [rate_factor(None, done) for done in (0.0, 0.5, 1.0)] == [1.0, 1.0, 1.0]


def test_every_group_of_weights_gets_the_rate() -> None:
    weights = [{"params": [torch.nn.Parameter(torch.zeros(2))]} for _ in range(2)]
    optimizer = torch.optim.SGD(weights, lr=0.5)
    set_learning_rate(optimizer, 0.25)
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.25]
