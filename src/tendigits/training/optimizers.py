"""Optimisers and the learning rate: Adam, AdamW, SGD and Muon, by the settings of a recipe."""

import inspect
import math

import torch
from torch import Tensor, nn

from tendigits.recipes import (
    AdamSettings,
    AdamWSettings,
    MuonSettings,
    OptimizerSettings,
    Recipe,
    ScheduleSettings,
)

# The quintic iteration's coefficients: the steepest slope at zero that still ends near one.
_A, _B, _C = 3.4445, -4.7750, 2.0315
_ITERATIONS = 3


def build_optimizer(network: nn.Module, settings: OptimizerSettings) -> torch.optim.Optimizer:
    """Return the optimiser that `settings` describe, for all weights of `network`."""
    # Fused: one pass over the weights and the optimiser's state, four times faster on a CPU.
    if isinstance(settings, AdamSettings):
        return _Adam(
            network.parameters(),
            lr=settings.learning_rate,
            betas=(settings.betas[0], settings.betas[1]),
            eps=settings.epsilon,
            fused=True,
        )
    decayed = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
    if isinstance(settings, MuonSettings):
        return Muon(
            [weight for weight in decayed if _has_several_input_channels(weight)],
            [weight for weight in decayed if not _has_several_input_channels(weight)],
            others,
            settings.momentum,
            settings.weight_decay,
        )
    groups = [
        {"params": decayed, "weight_decay": settings.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    if isinstance(settings, AdamWSettings):
        return _AdamW(groups, lr=settings.learning_rate, fused=True)
    return _SGD(
        groups,
        lr=settings.learning_rate,
        momentum=settings.momentum,
        nesterov=settings.momentum > 0,  # torch has none without momentum
        fused=True,
    )


def rate_factor(schedule: ScheduleSettings | None, done: float) -> float:
    """Return the factor of the learning rate after the fraction `done` of all steps."""
    if schedule is None:
        return 1.0
    if done < schedule.warmup:
        return done / schedule.warmup
    left = (1 - done) / (1 - schedule.warmup)
    if schedule.fall == "cosine":
        left = 0.5 * (1 - math.cos(math.pi * left))
    elif schedule.fall == "exponential":
        return math.pow(schedule.final, 1 - left)
    return schedule.final + (1 - schedule.final) * left


def follow_schedule(
    optimizer: torch.optim.Optimizer, recipe: Recipe, epoch: int, step: int, steps: int
) -> None:
    """Set the learning rate of the next step.

    It is the schedule's at the end of the step, which can be 0 in the last one. A training of a
    single step takes the one in the middle of the step instead, as it would train nothing.

    Args:
        optimizer: the optimiser.
        recipe: learning rate, schedule and epochs.
        epoch: the epoch, from 1.
        step: the step in the epoch, from 1.
        steps: the number of steps per epoch.
    """
    done = (epoch - 1 + step / steps) / recipe.epochs
    if recipe.epochs * steps == 1:
        done = 0.5
    set_learning_rate(
        optimizer, recipe.optimizer.learning_rate * rate_factor(recipe.schedule, done)
    )


def set_learning_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """Use `learning_rate` from the next step on."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate


class _Eager(torch.optim.Optimizer):
    """The methods of an optimiser without the wrappers that import PyTorch's compiler.

    That takes a second, and nothing here is compiled.
    """

    add_param_group = inspect.unwrap(torch.optim.Optimizer.add_param_group)
    zero_grad = inspect.unwrap(torch.optim.Optimizer.zero_grad)
    state_dict = inspect.unwrap(torch.optim.Optimizer.state_dict)
    load_state_dict = inspect.unwrap(torch.optim.Optimizer.load_state_dict)


class _Adam(_Eager, torch.optim.Adam):
    step = torch.no_grad()(inspect.unwrap(torch.optim.Adam.step))


class _AdamW(_Eager, torch.optim.AdamW):
    step = torch.no_grad()(inspect.unwrap(torch.optim.AdamW.step))


class _SGD(_Eager, torch.optim.SGD):
    step = torch.no_grad()(inspect.unwrap(torch.optim.SGD.step))


class Muon(_Eager):
    """Nesterov's momentum with orthogonalised steps for filters, whose length is kept.

    A filter bank (out, in, h, w) is treated as a matrix (out, in * h * w). Its step is replaced by
    a matrix close to the nearest one whose singular values are all one. Its filters are normalised
    to a mean square length of one, as their length has no effect before batch normalisation.

    Source: K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024,
    https://kellerjordan.github.io/posts/muon/. The three iterations and the normalisation are from
    airbench94_muon, https://github.com/KellerJordan/cifar10-airbench.
    """

    def __init__(
        self,
        filters: list[nn.Parameter],
        decayed: list[nn.Parameter],
        others: list[nn.Parameter],
        momentum: float,
        weight_decay: float,
    ) -> None:
        """Optimise all given weights; the learning rate must be set before the first step.

        Args:
            filters: weights with orthogonalised steps.
            decayed: weights with plain steps and weight decay.
            others: weights with plain steps.
            momentum: the decay of the running sum of gradients.
            weight_decay: the factor with which a weight is added to its gradient.
        """
        groups = [
            {"params": filters, "orthogonal": True, "weight_decay": 0.0},
            {"params": decayed, "orthogonal": False, "weight_decay": weight_decay},
            {"params": others, "orthogonal": False, "weight_decay": 0.0},
        ]
        super().__init__(groups, {"lr": 0.0, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # noqa: ARG002
        """Update every weight by its gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                gradient = weight.grad.add(weight, alpha=group["weight_decay"])
                state = self.state[weight]
                if not state:
                    state["momentum_buffer"] = torch.zeros_like(weight)
                running_sum = state["momentum_buffer"].mul_(group["momentum"]).add_(gradient)
                step = gradient.add_(running_sum, alpha=group["momentum"])
                if group["orthogonal"]:
                    weight.mul_(len(weight) ** 0.5 / weight.norm())
                    step = orthogonal(step.flatten(1)).view_as(weight)
                weight.add_(step, alpha=-group["lr"])


def orthogonal(matrix: Tensor) -> Tensor:
    """Return (m, n) float32 with the singular vectors of `matrix` and singular values near one."""
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix).bfloat16()
    x = x / (x.norm() + 1e-7)
    for _ in range(_ITERATIONS):
        gram = x @ x.T
        x = _A * x + (_B * gram + _C * gram @ gram) @ x
    result: Tensor = (x.T if tall else x).to(matrix.dtype)
    return result


def _has_several_input_channels(weight: nn.Parameter) -> bool:
    """Return whether `weight` is a convolution's, with filters over more than one channel."""
    return weight.ndim == 4 and weight.shape[1] > 1
