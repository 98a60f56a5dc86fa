"""Networks: plain modules from images (n, 1, 28, 28) to logits (n, 10)."""

from tendigits.networks.build import build_classifier, build_network, count_outputs
from tendigits.networks.ensemble import Ensemble
from tendigits.networks.summary import count_multiply_adds, count_parameters, summary_table

__all__ = [
    "Ensemble",
    "build_classifier",
    "build_network",
    "count_multiply_adds",
    "count_outputs",
    "count_parameters",
    "summary_table",
]
