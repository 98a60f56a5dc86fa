"""The cost of a classifier: parameters, operations, bytes, latency and throughput."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.classifiers import Classifier
from tendigits.data import IMAGE_SIZE

BATCH = 1024
_SINGLE_CALLS, _BATCH_CALLS = 200, 5


@dataclass(frozen=True)
class Cost:
    """What a classifier costs.

    Attributes:
        name: the classifier's name.
        accuracy: on the test set.
        parameters: the number of trained parameters.
        multiply_adds: multiply-add operations for one image; None where it is not known.
        bytes: the size of its weights or its file.
        milliseconds: latency of a single image, the median of 200 calls.
        images_per_second: throughput of batches of 1,024 images, the median of 5 calls.
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
    """What classifiers cost, measured on one machine.

    Attributes:
        machine: the machine.
        measured: when, in UTC, ISO 8601.
        classifiers: the evaluated classifier, then the references.
    """

    machine: str
    measured: str
    classifiers: tuple[Cost, ...]


def measure_cost(classifier: Classifier, accuracy: float) -> Cost:
    """Time a classifier on blank images; `accuracy` is its accuracy on the test set."""
    images = np.zeros((BATCH, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    return Cost(
        name=classifier.name,
        accuracy=accuracy,
        parameters=classifier.parameters,
        multiply_adds=classifier.multiply_adds,
        bytes=classifier.bytes,
        milliseconds=1000 * statistics.median(_seconds(classifier, images[:1], _SINGLE_CALLS)),
        images_per_second=BATCH / statistics.median(_seconds(classifier, images, _BATCH_CALLS)),
    )


def _seconds(classifier: Classifier, images: NDArray[np.uint8], calls: int) -> Sequence[float]:
    classifier.logits(images)  # the first call also initialises
    seconds = []
    for _ in range(calls):
        started = time.perf_counter()
        classifier.logits(images)
        seconds.append(time.perf_counter() - started)
    return seconds
