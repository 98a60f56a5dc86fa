"""The probabilities of a character, from those of the finder and those of the classifier."""

import numpy as np
from numpy.typing import NDArray

from tendigits.images.finder import DIGIT_CLASSES, Found

# Chosen on synthetic pages with held-out writers by benchmarks/combine.py. The classifier counts
# for more where its frame shows the character alone.
ALONE = 0.97  # of the ink in and around the box
# Weights of the finder and of the classifier in the logarithms of the classes.
_CLASSES_ALONE, _CLASSES = (0.71, 0.26), (0.80, 0.23)
# Weights of 1, of the score and of the agreement in the evidence for a character.
_EVIDENCE_ALONE, _EVIDENCE = (0.65, 1.76, 0.15), (0.89, 2.01, 0.04)
# No opinion is surer than this, so that none can overrule the other alone.
FLOOR, CLASSIFIER_FLOOR = 1e-4, 1e-3


def combine(
    found: Found, probabilities: NDArray[np.float32] | None, isolation: float = 0.0
) -> NDArray[np.float32]:
    """Return the probabilities (15,) of the classes of a character; their sum is at most 1.

    The classes' logarithms are added with weights. That there is a character at all is a logistic
    function of the finder's score and of how far both agree on a digit.

    Args:
        found: what the finder found.
        probabilities: (10,), what the classifier predicts for its frame; None for a mark.
        isolation: how much of the ink in and around the box belongs to the character; see `Ink`.
    """
    bias, score, agreement = _EVIDENCE_ALONE if isolation >= ALONE else _EVIDENCE
    evidence = bias + score * logit(found.score)
    classes = found.classes.astype(np.float64)
    if probabilities is not None:
        evidence += agreement * logit(float(classes[:DIGIT_CLASSES] @ probabilities))
        finders, classifiers = _CLASSES_ALONE if isolation >= ALONE else _CLASSES
        digits = classes[:DIGIT_CLASSES].sum()
        logs = finders * np.log(classes[:DIGIT_CLASSES] + FLOOR)
        logs += classifiers * np.log(probabilities + CLASSIFIER_FLOOR)
        shares = np.exp(logs - logs.max())
        classes[:DIGIT_CLASSES] = digits * shares / shares.sum()
    combined: NDArray[np.float32] = (classes / (1 + np.exp(-evidence))).astype(np.float32)
    return combined


def logit(probability: float) -> float:
    """Return the logit of a probability, clipped so that it is finite."""
    clipped = float(np.clip(probability, FLOOR, 1 - FLOOR))
    return float(np.log(clipped / (1 - clipped)))
