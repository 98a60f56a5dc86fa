"""Evaluation: measurements of a classifier's predictions, and reports of them.

Each module measures one thing, from `Predictions` or a `Classifier` that is handed in. This and
`report` import neither torch nor matplotlib nor scipy.
"""

from tendigits.evaluation.metrics import Metrics, measure, summarise_test
from tendigits.evaluation.report import Report, read_report

__all__ = ["Metrics", "Report", "measure", "read_report", "summarise_test"]
