"""What is fitted and measured on validation images: temperature, rejection threshold, accuracy."""

from dataclasses import dataclass

import numpy as np

from tendigits.classifiers import Predictions
from tendigits.evaluation.calibration import fit_temperature
from tendigits.evaluation.metrics import measure

# The threshold may reject one digit in so many.
REJECTED_DIGITS = 500
# With fewer errors, the loss falls until every confidence is 1, and so does the threshold: nothing
# would be accepted.
MIN_ERRORS = 5
# The largest threshold then.
CAUTIOUS_THRESHOLD = 0.5


@dataclass(frozen=True)
class Validation:
    """Results of a trained classifier on the validation images.

    Attributes:
        images: the number of validation images.
        accuracy: fraction of correct predictions, from 0 to 1.
        loss: mean cross-entropy in nats, at temperature 1.
        temperature: the divisor of the logits that minimises the loss on these images. Synthetic
            non-digits are not used, as real ones differ. With fewer than five errors, which do
            not show how confident the predictions may be, it is at least 1.
        calibrated_loss: the loss at this temperature.
        threshold: digits with a lower probability are to be rejected; it rejects 1 in 500 of the
            validation images. With fewer than five errors it is at most 0.5.
        ood_rejected: fraction of unseen synthetic non-digits that this rejects; None for a
            classifier that was not trained to reject.
    """

    images: int
    accuracy: float
    loss: float
    temperature: float
    calibrated_loss: float
    threshold: float
    ood_rejected: float | None


def validate(predictions: Predictions, ood_predictions: Predictions | None) -> Validation:
    """Fit temperature and threshold on validation images.

    Args:
        predictions: for the validation images, with labels; their own temperature is ignored.
        ood_predictions: for unseen non-digits; None where the classifier cannot reject.
    """
    metrics = measure(predictions.at_temperature(1.0))
    has_few_errors = np.count_nonzero(~predictions.correct) < MIN_ERRORS
    temperature = fit_temperature(predictions)
    if has_few_errors:
        temperature = max(1.0, temperature)
    calibrated = predictions.at_temperature(temperature)
    threshold = float(np.quantile(calibrated.confidence, 1 / REJECTED_DIGITS))
    if has_few_errors:
        threshold = min(threshold, CAUTIOUS_THRESHOLD)
    ood_rejected = None
    if ood_predictions is not None:
        confidence = ood_predictions.at_temperature(temperature).confidence
        ood_rejected = float((confidence < threshold).mean())
    return Validation(
        images=metrics.images,
        accuracy=metrics.accuracy,
        loss=metrics.loss,
        temperature=temperature,
        calibrated_loss=measure(calibrated).loss,
        threshold=threshold,
        ood_rejected=ood_rejected,
    )
