import json
from pathlib import Path

import pytest

from tendigits import Report, read_report
from tendigits.errors import ReportError
from tendigits.evaluation.report.read_report import is_report


def test_a_report_is_read_by_its_folder_or_file(full_report: Path) -> None:
    report = read_report(full_report)
    assert isinstance(report, Report)
    assert read_report(full_report / "report.json") == report
    assert is_report(full_report)
    assert is_report(full_report / "report.json")
    assert not is_report(full_report.parent)


@pytest.mark.parametrize(
    "change", [{"format": 2}, {"accuracy": 1}, {"surprise": 0}, {"rejection": None}], ids=str
)
def test_another_version_or_a_damaged_report_is_rejected_in_one_line(
    full_report: Path, tmp_path: Path, change: dict[str, object]
) -> None:
    figures = json.loads((full_report / "report.json").read_text(encoding="utf-8"))
    (tmp_path / "report.json").write_text(json.dumps(figures | change), encoding="utf-8")
    with pytest.raises(ReportError, match=r"report\.json.*tendigits evaluate --full") as rejection:
        read_report(tmp_path)
    assert "\n" not in str(rejection.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00"])
def test_what_is_no_json_is_rejected_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "report.json").write_text(text, encoding="utf-8")
    with pytest.raises(ReportError) as rejection:
        read_report(tmp_path)
    assert "\n" not in str(rejection.value)


def test_a_missing_report_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="cannot be read"):
        read_report(tmp_path / "report.json")
