"""Evaluation: what a trained recogniser is worth, in figures, words and pictures."""

from tendigits.evaluation.accuracy import Metrics, measure, wilson_interval
from tendigits.evaluation.evaluate import (
    compare_with_record,
    evaluate,
    evaluate_file,
    evaluate_model,
    run_test,
)
from tendigits.evaluation.model_card import summarise_test
from tendigits.evaluation.predict import Prediction, predict
from tendigits.evaluation.report import (
    Comparison,
    Report,
    compare,
    describe_comparison,
    evaluate_fully,
    read_report,
)
from tendigits.evaluation.validate import Validation

__all__ = [
    "Comparison",
    "Metrics",
    "Prediction",
    "Report",
    "Validation",
    "compare",
    "compare_with_record",
    "describe_comparison",
    "evaluate",
    "evaluate_file",
    "evaluate_fully",
    "evaluate_model",
    "measure",
    "predict",
    "read_report",
    "run_test",
    "summarise_test",
    "wilson_interval",
]
