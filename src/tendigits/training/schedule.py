"""The learning rate over a training."""

import torch

from tendigits.recipes import ScheduleSettings


def rate_factor(schedule: ScheduleSettings | None, done: float) -> float:
    """Return what the learning rate is multiplied with when the share `done` of all steps is."""
    if schedule is None:
        return 1.0
    if done < schedule.warmup:
        return done / schedule.warmup
    return (1 - done) / (1 - schedule.warmup)


def set_learning_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """Use `learning_rate` from the next step on."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
