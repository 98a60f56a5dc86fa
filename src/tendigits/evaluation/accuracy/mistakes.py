"""Wrong answers, one by one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Mistake:
    """A wrong answer.

    Attributes:
        index: which image of the test set.
        truth: its label.
        answer: what was answered.
        probability: how probable the answer was held to be.
        of_truth: how probable the label was held to be.
    """

    index: int
    truth: int
    answer: int
    probability: float
    of_truth: float


def find_mistakes(
    log_probabilities: NDArray[np.float32], labels: NDArray[np.int64]
) -> tuple[Mistake, ...]:
    """Return the wrong answers, least probability of the truth first.

    Args:
        log_probabilities: (n, classes), natural logarithms of the class probabilities.
        labels: (n,), the true classes.
    """
    answers = log_probabilities.argmax(axis=1)
    of_truth = log_probabilities[np.arange(len(labels)), labels]
    wrong = np.flatnonzero(answers != labels)
    return tuple(
        Mistake(
            index=int(index),
            truth=int(labels[index]),
            answer=int(answers[index]),
            probability=float(np.exp(log_probabilities[index, answers[index]])),
            of_truth=float(np.exp(of_truth[index])),
        )
        for index in wrong[np.argsort(of_truth[wrong], kind="stable")]
    )
