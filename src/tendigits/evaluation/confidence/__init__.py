"""Whether a classifier is as sure as it should be."""

from tendigits.evaluation.confidence.confidence import Calibration, Confidence, measure_confidence
from tendigits.evaluation.confidence.scores import calibration_error
from tendigits.evaluation.confidence.temperature import fit_temperature

__all__ = [
    "Calibration",
    "Confidence",
    "calibration_error",
    "fit_temperature",
    "measure_confidence",
]
