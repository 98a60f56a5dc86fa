import json
from pathlib import Path

from pydantic import TypeAdapter

from tendigits import Report, read_report

SCHEMA = Path(__file__).parents[3] / "docs" / "report.schema.json"


def test_the_published_schema_is_that_of_the_report() -> None:
    schema = TypeAdapter(Report).json_schema()
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == schema


def test_the_five_headline_figures_are_those_of_the_sections(full_report: Path) -> None:
    report = read_report(full_report)
    assert len(report.headline) == 5
    assert report.headline["accuracy"] == report.accuracy.metrics.accuracy
    assert report.confidence.after is not None
    assert report.headline["calibration_error"] == report.confidence.after.calibration_error
