"""Whether a classifier tells digits from what is none by how sure it is."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.evaluation.no_digit.detection import Detection, detection


@dataclass(frozen=True)
class NoDigitFigures:
    """How well digits are told from one set of images that show none.

    Attributes:
        name: what the images show.
        images: how many they are.
        detection: AUROC, AUPR and FPR at 95 % recall.
        rejected: the share that the classifier's own threshold rejects.
    """

    name: str
    images: int
    detection: Detection
    rejected: float


@dataclass(frozen=True)
class Rejection:
    """Whether a classifier tells digits from what is none.

    Attributes:
        digits: how many digits it was shown.
        threshold: what the classifier itself asks of an answer's probability.
        digits_rejected: the share of the digits that this rejects.
        sets: each set of what is no digit.
        mean_auroc: over the sets.
        fashion_missing: whether Fashion-MNIST was left out, as it has not been fetched.
    """

    digits: int
    threshold: float
    digits_rejected: float
    sets: tuple[NoDigitFigures, ...]
    mean_auroc: float
    fashion_missing: bool


def measure_rejection(
    of_digits: NDArray[np.float32],
    of_sets: Mapping[str, NDArray[np.float32]],
    threshold: float,
    *,
    fashion_missing: bool,
) -> Rejection:
    """Measure how sure a classifier is of digits and of what is none.

    Args:
        of_digits: (n,), the probability of the likeliest digit for each digit.
        of_sets: (m,), the same for each set of images that show none.
        threshold: what the classifier asks of an answer's probability.
        fashion_missing: whether Fashion-MNIST had to be left out.
    """
    sets = tuple(
        NoDigitFigures(
            name, len(others), detection(of_digits, others), float((others < threshold).mean())
        )
        for name, others in of_sets.items()
    )
    return Rejection(
        digits=len(of_digits),
        threshold=threshold,
        digits_rejected=float((of_digits < threshold).mean()),
        sets=sets,
        mean_auroc=float(np.mean([each.detection.auroc for each in sets])),
        fashion_missing=fashion_missing,
    )
