"""Evaluation: what a trained classifier is worth, in figures, words and pictures.

The full report and its rooms are imported where they are used, so that a training need not wait.
"""

from tendigits.evaluation.accuracy import Metrics, measure, wilson_interval
from tendigits.evaluation.evaluate import evaluate_model, summarise_test
from tendigits.evaluation.validation import Validation

__all__ = [
    "Metrics",
    "Validation",
    "evaluate_model",
    "measure",
    "summarise_test",
    "wilson_interval",
]
