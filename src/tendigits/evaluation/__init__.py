"""Evaluation: what a trained recogniser is worth, in figures, words and pictures."""

from tendigits.evaluation.accuracy import Metrics, measure, wilson_interval
from tendigits.evaluation.evaluate import (
    compare_with_record,
    evaluate,
    evaluate_model,
    run_test,
)
from tendigits.evaluation.predict import Prediction, predict
from tendigits.evaluation.model_card import summarise_test
from tendigits.evaluation.report import Report, evaluate_fully
from tendigits.evaluation.validate import Validation

__all__ = [
    "Metrics",
    "Prediction",
    "Report",
    "Validation",
    "compare_with_record",
    "evaluate",
    "evaluate_fully",
    "evaluate_model",
    "measure",
    "predict",
    "run_test",
    "summarise_test",
    "wilson_interval",
]
