"""From a recipe's settings to an optimiser."""

import torch
from torch import nn

from tendigits.recipes import AdamSettings, MuonSettings, OptimizerSettings
from tendigits.training.muon import Muon


def build_optimizer(network: nn.Module, settings: OptimizerSettings) -> torch.optim.Optimizer:
    """Return the optimiser that `settings` describe, for all weights of `network`."""
    # Fused: one pass over the weights and the optimiser's state, four times faster on a CPU.
    if isinstance(settings, AdamSettings):
        return torch.optim.Adam(
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
            [weight for weight in decayed if _mixes_channels(weight)],
            [weight for weight in decayed if not _mixes_channels(weight)],
            others,
            settings.momentum,
            settings.weight_decay,
        )
    return torch.optim.SGD(
        [
            {"params": decayed, "weight_decay": settings.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ],
        lr=settings.learning_rate,
        momentum=settings.momentum,
        nesterov=True,
        fused=True,
    )


def _mixes_channels(weight: nn.Parameter) -> bool:
    """Tell whether `weight` is a convolution's, of more than one channel to a filter."""
    return weight.ndim == 4 and weight.shape[1] > 1
