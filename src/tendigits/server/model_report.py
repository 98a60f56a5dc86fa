"""What the full report says of a model that ships."""

import json
from typing import Any

from tendigits.classifiers.model_file import shipped_reports
from tendigits.server.answers import BinAnswer, ReportAnswer


def report_on(sha256: str) -> ReportAnswer | None:
    """Return the figures of the report on the model file with this checksum; None without one."""
    for path in shipped_reports().values():
        report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if report["origin"]["sha256"] == sha256:
            confidence = report["confidence"]["after"] or report["confidence"]["before"]
            return ReportAnswer(
                confusion=report["accuracy"]["metrics"]["confusion"],
                negative_log_likelihood=confidence["negative_log_likelihood"],
                calibration_error=confidence["calibration_error"],
                bins=[BinAnswer(**each) for each in confidence["bins"]],
            )
    return None
