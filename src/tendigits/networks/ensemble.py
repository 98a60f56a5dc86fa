"""Several networks that answer as one."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional


class Ensemble(nn.Module):
    """Images (n, 1, 28, 28) -> the logarithm of the mean of the members' probabilities (n, 10)."""

    def __init__(self, members: Iterable[nn.Module]) -> None:
        """Answer with `members`, each from images to logits (n, 10)."""
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, images: Tensor) -> Tensor:
        """Return log probabilities, which are logits of themselves."""
        answers = [functional.log_softmax(member(images).float(), 1) for member in self.members]
        return torch.stack(answers).logsumexp(0) - math.log(len(answers))
