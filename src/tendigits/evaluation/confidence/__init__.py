"""Whether a recogniser is as sure as it should be."""

from tendigits.evaluation.confidence.confidence import Confidence, measure_confidence
from tendigits.evaluation.confidence.temperature import fit_temperature

__all__ = ["Confidence", "fit_temperature", "measure_confidence"]
