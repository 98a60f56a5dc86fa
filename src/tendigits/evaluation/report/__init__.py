"""The report: every figure of a classifier in one folder, and several classifiers side by side."""

from tendigits.evaluation.report.comparison import Comparison, compare
from tendigits.evaluation.report.comparison_text import describe_comparison
from tendigits.evaluation.report.contents import Report
from tendigits.evaluation.report.read_report import read_report
from tendigits.evaluation.report.write import evaluate_fully

__all__ = [
    "Comparison",
    "Report",
    "compare",
    "describe_comparison",
    "evaluate_fully",
    "read_report",
]
