"""A trained network on what was held out: how good, how sure, and from where on to reject."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax
from torch import nn

from tendigits.data import CLASSES, LabelledImages
from tendigits.data.synthetic import draw_ood_images
from tendigits.evaluation.accuracy import measure
from tendigits.evaluation.confidence import fit_temperature
from tendigits.evaluation.validation import Validation
from tendigits.training.predict import log_probabilities
from tendigits.training.run import Run

# One digit in so many may be rejected.
REJECTED_DIGITS = 500


def validate(run: Run, network: nn.Module, examples: LabelledImages) -> Validation:
    """Measure a run's trained network on the images that it holds out."""
    chosen = run.split.validation
    held_out = LabelledImages(examples.images[chosen], examples.labels[chosen])
    answers = log_probabilities(network, held_out.images)
    outliers = _answers_to_outliers(run, network, held_out)
    metrics = measure(answers[:, :CLASSES], held_out.labels)
    temperature = fit_temperature(answers, held_out.labels)
    digits = log_softmax(answers / temperature, axis=1)[:, :CLASSES]
    threshold = float(np.exp(np.quantile(digits.max(axis=1), 1 / REJECTED_DIGITS)))
    rejected = np.exp(log_softmax(outliers / temperature, axis=1)[:, :CLASSES]).max(axis=1)
    return Validation(
        examples=metrics.examples,
        accuracy=metrics.accuracy,
        loss=metrics.loss,
        temperature=temperature,
        calibrated_loss=measure(digits, held_out.labels).loss,
        threshold=threshold,
        ood_rejected=float((rejected < threshold).mean()) if len(outliers) else None,
    )


def _answers_to_outliers(
    run: Run, network: nn.Module, held_out: LabelledImages
) -> NDArray[np.float32]:
    """Return answers to as many fresh outliers; none where the network cannot reject."""
    if run.recipe.ood is None:
        return np.empty((0, CLASSES), np.float32)
    seed = run.recipe.seed + 2**32  # beyond every seed that is trained with
    return log_probabilities(network, draw_ood_images(len(held_out), held_out, seed))
