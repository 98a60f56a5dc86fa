"""The optimiser Muon: the steps of the filters are made orthogonal."""

import torch
from torch import Tensor, nn

# The quintic iteration's coefficients: the steepest slope at zero that still ends near one.
_A, _B, _C = 3.4445, -4.7750, 2.0315
_ITERATIONS = 3


class Muon(torch.optim.Optimizer):
    """Nesterov's momentum; the steps of filters are made orthogonal, their length is kept.

    A filter bank (out, in, h, w) is taken as a matrix (out, in * h * w). Its step is brought near
    the closest matrix whose singular values are one, and its filters keep a mean square length of
    one, as batch normalisation takes the meaning from their length.

    Source: K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024,
    https://kellerjordan.github.io/posts/muon/. The three iterations and the kept length are from
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
        """Step all weights; the learning rate is set before the first step.

        Args:
            filters: are moved by orthogonal steps.
            decayed: are moved by plain steps and pulled towards zero by `weight_decay`.
            others: are moved by plain steps.
            momentum: the decay of the running sum of gradients.
            weight_decay: the pull, as a share of the weight added to its gradient.
        """
        groups = [
            {"params": filters, "orthogonal": True, "weight_decay": 0.0},
            {"params": decayed, "orthogonal": False, "weight_decay": weight_decay},
            {"params": others, "orthogonal": False, "weight_decay": 0.0},
        ]
        super().__init__(groups, {"lr": 0.0, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # noqa: ARG002
        """Move every weight by its gradient."""
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
    """Return (m, n) float32 with the singular vectors of `matrix`, its values brought near one."""
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix).bfloat16()
    x = x / (x.norm() + 1e-7)
    for _ in range(_ITERATIONS):
        gram = x @ x.T
        x = _A * x + (_B * gram + _C * gram @ gram) @ x
    result: Tensor = (x.T if tall else x).to(matrix.dtype)
    return result
