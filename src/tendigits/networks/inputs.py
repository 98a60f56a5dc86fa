"""From grey levels to what a network takes."""

import torch
from torch import Tensor


def scaled(images: Tensor) -> Tensor:
    """Return grey levels (n, 28, 28) uint8 as (n, 1, 28, 28) float32 in [0, 1]."""
    return torch.div(images, 255).unsqueeze_(1)
