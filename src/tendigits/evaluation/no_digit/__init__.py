"""What happens to images that show no digit."""

from tendigits.evaluation.no_digit.detection import Detection, detection
from tendigits.evaluation.no_digit.rejection import Rejection, measure_rejection
from tendigits.evaluation.no_digit.sets import find_fashion, no_digit_sets

__all__ = [
    "Detection",
    "Rejection",
    "detection",
    "find_fashion",
    "measure_rejection",
    "no_digit_sets",
]
