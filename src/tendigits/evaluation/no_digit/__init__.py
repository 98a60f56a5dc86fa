"""What happens to images that show no digit."""

from tendigits.evaluation.no_digit.detection import Detection, detection
from tendigits.evaluation.no_digit.refusal import Refusal, measure_refusal
from tendigits.evaluation.no_digit.sets import find_fashion, no_digit_sets

__all__ = [
    "Detection",
    "Refusal",
    "detection",
    "find_fashion",
    "measure_refusal",
    "no_digit_sets",
]
