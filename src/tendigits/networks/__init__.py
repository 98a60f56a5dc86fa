"""Networks: plain modules from images (n, 1, 28, 28) in [0, 1] to logits (n, 10)."""

from tendigits.networks.build import build_network
from tendigits.networks.summary import count_multiply_adds, count_parameters, summary_table

__all__ = ["build_network", "count_multiply_adds", "count_parameters", "summary_table"]
