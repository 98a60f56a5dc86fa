"""What an answer costs: parameters, arithmetic, bytes, time."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.classifiers import Classifier
from tendigits.data import IMAGE_SIZE

_SINGLES, _BATCHES = 200, 5
BATCH = 1024


@dataclass(frozen=True)
class Cost:
    """What a classifier costs.

    Attributes:
        name: which classifier.
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
    """What classifiers cost, measured beside each other.

    Attributes:
        machine: what they were measured on.
        measured: when, in UTC, ISO 8601.
        classifiers: the one that is evaluated, then the models that ship.
    """

    machine: str
    measured: str
    classifiers: tuple[Cost, ...]


def measure_cost(classifier: Classifier, accuracy: float) -> Cost:
    """Time a classifier here, on blank images; `accuracy` is what stands beside it."""
    images = np.zeros((BATCH, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    return Cost(
        name=classifier.name,
        accuracy=accuracy,
        parameters=classifier.parameters,
        multiply_adds=classifier.multiply_adds,
        bytes=classifier.bytes,
        milliseconds=1000 * statistics.median(_seconds(classifier, images[:1], _SINGLES)),
        images_per_second=BATCH / statistics.median(_seconds(classifier, images, _BATCHES)),
    )


def _seconds(classifier: Classifier, images: NDArray[np.uint8], times: int) -> Sequence[float]:
    classifier.logits(images)  # the first call also sets things up
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        classifier.logits(images)
        seconds.append(time.perf_counter() - started)
    return seconds
