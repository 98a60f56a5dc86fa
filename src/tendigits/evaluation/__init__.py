"""Evaluation: what a trained recogniser is worth, in figures, words and pictures."""

from tendigits.evaluation.before_after import describe_fine_tuning
from tendigits.evaluation.evaluate import (
    compare_with_record,
    evaluate,
    evaluate_model,
    run_test,
)
from tendigits.evaluation.metrics import Metrics, measure, wilson_interval
from tendigits.evaluation.predict import Prediction, predict
from tendigits.evaluation.report import summarise_test
from tendigits.evaluation.validate import Validation

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
