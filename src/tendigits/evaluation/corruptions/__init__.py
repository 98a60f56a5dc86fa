"""What is left of the accuracy when images are corrupted."""

from tendigits.evaluation.corruptions.corrupt import CORRUPTIONS, STRENGTHS, corrupt
from tendigits.evaluation.corruptions.robustness import Robustness, measure_robustness

__all__ = ["CORRUPTIONS", "STRENGTHS", "Robustness", "corrupt", "measure_robustness"]
