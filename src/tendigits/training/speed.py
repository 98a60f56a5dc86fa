"""How well a training used its machine."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from tendigits.networks import count_multiply_adds
from tendigits.training.device import matrix_rate
from tendigits.training.environment import Environment
from tendigits.training.history import EpochResult

PASSES = 3  # forwards, and backwards to the weights and to the inputs


@dataclass(frozen=True)
class Speed:
    """How well a training used its machine.

    Attributes:
        images_per_second: the median over the epochs.
        operations_per_second: the network's multiplications and additions at that speed.
        matrix_rate: what a large product of the same type reaches on this machine.
        precision: that type.
        data_share: the part of the time that making batches took.
    """

    images_per_second: float
    operations_per_second: float
    matrix_rate: float
    precision: str
    data_share: float

    def line(self) -> str:
        """Return the figures in a sentence."""
        share = self.operations_per_second / self.matrix_rate
        return (
            f"Speed: {self.images_per_second:,.0f} images/s, "
            f"{self.operations_per_second / 1e9:,.0f} GFLOP/s in the network's products: "
            f"{100 * share:.0f} % of what a large {self.precision} product reaches here "
            f"({self.matrix_rate / 1e9:,.0f}); making batches took {100 * self.data_share:.0f} % "
            "of the time"
        )


def describe_speed(
    network: nn.Module, history: Sequence[EpochResult], environment: Environment
) -> Speed:
    """Measure the machine's matrix rate and set the training's speed beside it."""
    images_per_second = statistics.median(result.images_per_second for result in history)
    rate = matrix_rate(getattr(torch, environment.precision), torch.device(environment.device))
    return Speed(
        images_per_second=images_per_second,
        operations_per_second=2 * PASSES * count_multiply_adds(network) * images_per_second,
        matrix_rate=rate,
        precision=environment.precision,
        data_share=statistics.median(
            result.data_milliseconds_per_step / result.milliseconds_per_step for result in history
        ),
    )
