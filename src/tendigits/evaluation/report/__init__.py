"""The report: every figure of a recogniser in one folder."""

from tendigits.evaluation.report.contents import Report
from tendigits.evaluation.report.write import evaluate_fully

__all__ = ["Report", "evaluate_fully"]
