"""The probabilities of a character, from those of the finder and those of the classifier."""

import numpy as np
from numpy.typing import NDArray

from tendigits.images.finder import DIGITS, Found

# Chosen on made pages with held-out writers by benchmarks/combine.py. The classifier counts for
# more where its frame shows the character alone.
_WEIGHTS_ALONE, _WEIGHTS = (0.72, 0.36), (0.86, 0.22)  # of the finder, of the classifier
ALONE = 0.97  # of the ink in and around the box
_BIAS, _SCORE_WEIGHT, _DIGIT_WEIGHT = 1.1, 2.06, 0.08
# No opinion is surer than this, so that none can overrule the other alone.
FLOOR, CLASSIFIER_FLOOR = 1e-4, 1e-3


def combine(
    found: Found, probabilities: NDArray[np.float32] | None, isolation: float = 0.0
) -> NDArray[np.float32]:
    """Return the probabilities (15,) of the classes of a character; their sum is at most 1.

    The classes' logarithms are added with weights. That there is a character at all is a logistic
    function of the finder's score and of the classifier's probability of a digit.

    Args:
        found: what the finder found.
        probabilities: (10,), what the classifier predicts for its frame; None for a mark.
        isolation: how much of the ink in and around the box belongs to the character; see `Ink`.
    """
    evidence = _BIAS + _SCORE_WEIGHT * logit(found.score)
    classes = found.classes.astype(np.float64)
    if probabilities is not None:
        evidence += _DIGIT_WEIGHT * logit(float(probabilities.sum()))
        digits = classes[:DIGITS].sum()
        finders, classifiers = _WEIGHTS_ALONE if isolation >= ALONE else _WEIGHTS
        logs = finders * np.log(classes[:DIGITS] + FLOOR)
        logs += classifiers * np.log(probabilities + CLASSIFIER_FLOOR)
        shares = np.exp(logs - logs.max())
        classes[:DIGITS] = digits * shares / shares.sum()
    combined: NDArray[np.float32] = (classes / (1 + np.exp(-evidence))).astype(np.float32)
    return combined


def logit(probability: float) -> float:
    """Return the logit of a probability, clipped so that it is finite."""
    clipped = float(np.clip(probability, FLOOR, 1 - FLOOR))
    return float(np.log(clipped / (1 - clipped)))
