"""What an answer costs: parameters, arithmetic, bytes, time."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.datasets import IMAGE_SIZE
from tendigits.evaluation.recogniser import Recogniser

_SINGLES, _BATCHES = 200, 5
BATCH = 1024


@dataclass(frozen=True)
class Cost:
    """What a recogniser costs.

    Attributes:
        name: which recogniser.
        accuracy: on the test set.
        parameters: trained numbers.
        multiply_adds: for one image; None where it is not known.
        bytes: the size of its weights or its file.
        milliseconds: for a single image, the median of 200.
        images_per_second: 1,024 at a time, the median of 5.
    """

    name: str
    accuracy: float
    parameters: int
    multiply_adds: int | None
    bytes: int
    milliseconds: float
    images_per_second: float


@dataclass(frozen=True)
class Costs:
    """What recognisers cost, measured beside each other.

    Attributes:
        machine: what they were measured on.
        measured: when, in UTC, ISO 8601.
        recognisers: the one that is evaluated, then the models that ship.
    """

    machine: str
    measured: str
    recognisers: tuple[Cost, ...]


def measure_cost(recogniser: Recogniser, accuracy: float) -> Cost:
    """Time a recogniser here, on blank images; `accuracy` is what stands beside it."""
    images = np.zeros((BATCH, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    return Cost(
        name=recogniser.name,
        accuracy=accuracy,
        parameters=recogniser.parameters,
        multiply_adds=recogniser.multiply_adds,
        bytes=recogniser.bytes,
        milliseconds=1000 * statistics.median(_seconds(recogniser, images[:1], _SINGLES)),
        images_per_second=BATCH / statistics.median(_seconds(recogniser, images, _BATCHES)),
    )


def _seconds(recogniser: Recogniser, images: NDArray[np.uint8], times: int) -> Sequence[float]:
    recogniser.logits(images)  # the first call also sets things up
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        recogniser.logits(images)
        seconds.append(time.perf_counter() - started)
    return seconds
