"""Networks: plain torch modules from images (n, 1, 28, 28) to logits (n, 10) or (n, 11)."""

from tendigits.networks.architectures import Ensemble
from tendigits.networks.build import build_classifier, build_network, count_outputs
from tendigits.networks.summary import count_multiply_adds, count_parameters, summary_table
from tendigits.networks.torch_classifier import classifier_of_network

__all__ = [
    "Ensemble",
    "build_classifier",
    "build_network",
    "classifier_of_network",
    "count_multiply_adds",
    "count_outputs",
    "count_parameters",
    "summary_table",
]
