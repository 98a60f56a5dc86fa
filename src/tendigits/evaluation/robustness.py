"""Robustness to corruptions: the errors at each strength, of several classifiers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tendigits.classifiers import Classifier
from tendigits.data import LabelledImages

Progress = Callable[[str, int, int], None]  # a title, the steps done, and their total


@dataclass(frozen=True)
class CorruptionErrors:
    """Errors of one classifier on corrupted images.

    Attributes:
        name: the classifier's name.
        errors: by corruption, the fraction of errors at each strength from 1 to 5.
        mean: the mean of them all.
    """

    name: str
    errors: dict[str, tuple[float, ...]]
    mean: float


@dataclass(frozen=True)
class Robustness:
    """Robustness to corruptions.

    Attributes:
        images: the number of images that were corrupted, by each corruption at each strength.
        classifiers: the evaluated classifier, then the references, on the same images.
    """

    images: int
    classifiers: tuple[CorruptionErrors, ...]


def measure_robustness(
    classifiers: Sequence[Classifier], labelled: LabelledImages, progress: Progress
) -> Robustness:
    """Measure the errors of classifiers on the same corrupted copies of labelled images."""
    # Imported here: scipy comes with the extra [train], and reading a report needs none of it.
    from tendigits.evaluation.corruptions import (  # noqa: PLC0415
        CORRUPTIONS,
        STRENGTHS,
        corrupt,
    )

    errors = np.empty((len(classifiers), len(CORRUPTIONS), len(STRENGTHS)))
    for row, corruption in enumerate(CORRUPTIONS):
        for column, strength in enumerate(STRENGTHS):
            progress(f"Corruptions: {corruption}", row * len(STRENGTHS) + column, errors[0].size)
            images = corrupt(labelled.images, corruption, strength)
            for number, classifier in enumerate(classifiers):
                predictions = classifier.predict(images, labelled.labels)
                errors[number, row, column] = (~predictions.correct).mean()
    progress("Corruptions", errors[0].size, errors[0].size)
    return Robustness(
        images=len(labelled),
        classifiers=tuple(
            CorruptionErrors(
                name=classifier.name,
                errors=dict(zip(CORRUPTIONS, map(tuple, each.tolist()), strict=True)),
                mean=float(each.mean()),
            )
            for classifier, each in zip(classifiers, errors, strict=True)
        ),
    )
