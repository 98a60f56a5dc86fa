"""A trained network on what was held out: how good, how sure, and from where on to refuse."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax
from torch import nn

from tendigits.datasets import CLASSES, Examples
from tendigits.evaluation.accuracy import measure
from tendigits.evaluation.confidence import fit_temperature
from tendigits.evaluation.predict import log_probabilities
from tendigits.outliers import draw_outliers
from tendigits.training import Run

# One digit in so many may be refused.
REFUSED_DIGITS = 500


@dataclass(frozen=True)
class Validation:
    """What a trained network is worth on the images held out.

    Attributes:
        examples: how many they are.
        accuracy: the share of right answers, from 0 to 1.
        loss: mean cross-entropy in nats.
        temperature: what the logits are to be divided by so that the loss is least, on these
            images. Made outliers are no part of it: what is refused in the world is something else.
        calibrated_loss: the loss on the images then.
        threshold: digits that are less probable than this are to be refused; it costs 1 in 500
            of the images held out.
        outliers_refused: the share of the unseen outliers that this refuses; None for a network
            that has not learnt to refuse.
    """

    examples: int
    accuracy: float
    loss: float
    temperature: float
    calibrated_loss: float
    threshold: float
    outliers_refused: float | None


def validate(run: Run, network: nn.Module, examples: Examples) -> Validation:
    """Measure a run's trained network on the images that it holds out."""
    chosen = run.split.validation
    held_out = Examples(examples.images[chosen], examples.labels[chosen])
    answers = log_probabilities(network, held_out.images)
    outliers = _answers_to_outliers(run, network, held_out)
    metrics = measure(answers[:, :CLASSES], held_out.labels)
    temperature = fit_temperature(answers, held_out.labels)
    digits = log_softmax(answers / temperature, axis=1)[:, :CLASSES]
    threshold = float(np.exp(np.quantile(digits.max(axis=1), 1 / REFUSED_DIGITS)))
    refused = np.exp(log_softmax(outliers / temperature, axis=1)[:, :CLASSES]).max(axis=1)
    return Validation(
        examples=metrics.examples,
        accuracy=metrics.accuracy,
        loss=metrics.loss,
        temperature=temperature,
        calibrated_loss=measure(digits, held_out.labels).loss,
        threshold=threshold,
        outliers_refused=float((refused < threshold).mean()) if len(outliers) else None,
    )


def _answers_to_outliers(run: Run, network: nn.Module, held_out: Examples) -> NDArray[np.float32]:
    """Return answers to as many fresh outliers; none where the network cannot refuse."""
    if run.recipe.outliers is None:
        return np.empty((0, CLASSES), np.float32)
    seed = run.recipe.seed + 2**32  # beyond every seed that is trained with
    return log_probabilities(network, draw_outliers(len(held_out), held_out, seed))
