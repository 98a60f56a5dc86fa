"""How much is told right, how sure that figure is, and how much of the error is the test's own."""

from tendigits.evaluation.accuracy.accuracy import Accuracy, measure_accuracy
from tendigits.evaluation.accuracy.mcnemar import McNemar, holm, mcnemar
from tendigits.evaluation.accuracy.metrics import Metrics, measure, wilson_interval
from tendigits.evaluation.accuracy.mistakes import Mistake, find_mistakes
from tendigits.evaluation.accuracy.seeds import Spread, spread

__all__ = [
    "Accuracy",
    "McNemar",
    "Metrics",
    "Mistake",
    "Spread",
    "find_mistakes",
    "holm",
    "mcnemar",
    "measure",
    "measure_accuracy",
    "spread",
    "wilson_interval",
]
