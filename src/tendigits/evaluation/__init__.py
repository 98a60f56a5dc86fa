"""Evaluation: what a trained classifier is worth, in figures, words and pictures.

The full report and its rooms are imported where they are used, so that a training need not wait.
"""

from tendigits.evaluation.accuracy import Metrics, measure, wilson_interval
from tendigits.evaluation.before_after import describe_fine_tuning
from tendigits.evaluation.evaluate import (
    compare_with_record,
    evaluate,
    evaluate_model,
    run_test,
)
from tendigits.evaluation.model_card import summarise_test
from tendigits.evaluation.predict import Prediction, predict
from tendigits.evaluation.validation import Validation

__all__ = [
    "Metrics",
    "Prediction",
    "Validation",
    "compare_with_record",
    "describe_fine_tuning",
    "evaluate",
    "evaluate_model",
    "measure",
    "predict",
    "run_test",
    "summarise_test",
    "wilson_interval",
]
