"""What corruptions cost: the error at each strength, of several classifiers on the same images."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.data import CLASSES, LabelledImages
from tendigits.evaluation.corruptions.corrupt import CORRUPTIONS, STRENGTHS, corrupt

Logits = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
Step = Callable[[str, int, int], None]


@dataclass(frozen=True)
class CorruptedErrors:
    """A classifier's errors on corrupted images.

    Attributes:
        name: which classifier.
        errors: for each corruption the share of wrong answers at each strength from 1 to 5.
        mean: the mean of them all.
    """

    name: str
    errors: dict[str, tuple[float, ...]]
    mean: float


@dataclass(frozen=True)
class Robustness:
    """What corruptions cost.

    Attributes:
        images: how many are corrupted, in each way and strength.
        classifiers: the one that is measured, then those that stand beside it.
    """

    images: int
    classifiers: tuple[CorruptedErrors, ...]


def measure_robustness(
    classifiers: Mapping[str, Logits], examples: LabelledImages, step: Step
) -> Robustness:
    """Measure classifiers on the same corrupted copies of images.

    Args:
        classifiers: from images (n, 28, 28) uint8 to logits (n, 10 or 11), by name.
        examples: the images and their labels.
        step: is told how far it is.
    """
    errors: dict[str, dict[str, list[float]]] = {
        name: {corruption: [] for corruption in CORRUPTIONS} for name in classifiers
    }
    ways = [(corruption, strength) for corruption in CORRUPTIONS for strength in STRENGTHS]
    for done, (corruption, strength) in enumerate(ways):
        step(f"Corruptions: {corruption}", done, len(ways))
        images = corrupt(examples.images, corruption, strength)
        for name, logits in classifiers.items():
            answers = logits(images)[:, :CLASSES].argmax(axis=1)
            errors[name][corruption].append(float((answers != examples.labels).mean()))
    step("Corruptions", len(ways), len(ways))
    return Robustness(
        images=len(examples),
        classifiers=tuple(_summed_up(name, each) for name, each in errors.items()),
    )


def _summed_up(name: str, errors: Mapping[str, list[float]]) -> CorruptedErrors:
    return CorruptedErrors(
        name=name,
        errors={corruption: tuple(each) for corruption, each in errors.items()},
        mean=float(np.mean(list(errors.values()))),
    )
