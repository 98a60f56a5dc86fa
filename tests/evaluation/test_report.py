import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from tendigits.classifiers.model_file import pretrained_reports
from tendigits.errors import ReportError
from tendigits.evaluation import Report, read_report
from tendigits.evaluation.report import is_report

SCHEMA = Path(__file__).parents[2] / "docs" / "report.schema.json"
SHIPPED = pretrained_reports()["mlp"]


def test_published_schema_is_current() -> None:
    schema = TypeAdapter(Report).json_schema()
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == schema


def test_report_is_read_from_its_folder_or_file(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_bytes(SHIPPED.read_bytes())
    report = read_report(tmp_path)
    assert report.name == "mlp"
    assert report.accuracy.metrics.accuracy == 0.9789
    assert read_report(tmp_path / "report.json") == report
    assert is_report(tmp_path)
    assert is_report(tmp_path / "report.json")
    assert not is_report(tmp_path.parent)


@pytest.mark.parametrize(
    "change", [{"format": 1}, {"accuracy": 1}, {"surprise": 0}, {"ood": None}], ids=str
)
def test_other_version_or_damaged_report_is_rejected_in_one_line(
    tmp_path: Path, change: dict[str, object]
) -> None:
    figures = json.loads(SHIPPED.read_text(encoding="utf-8"))
    (tmp_path / "report.json").write_text(json.dumps(figures | change), encoding="utf-8")
    with pytest.raises(ReportError, match=r"report\.json.*tendigits evaluate --full") as error:
        read_report(tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00"])
def test_invalid_json_is_rejected_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "report.json").write_text(text, encoding="utf-8")
    with pytest.raises(ReportError) as error:
        read_report(tmp_path)
    assert "\n" not in str(error.value)


def test_missing_report_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="cannot be read"):
        read_report(tmp_path / "report.json")


def test_reading_a_report_imports_neither_torch_nor_matplotlib_nor_scipy() -> None:
    code = (
        "import sys; from tendigits.evaluation import read_report; "
        f"read_report({str(SHIPPED)!r}); "
        "print([name for name in ('torch', 'matplotlib', 'scipy') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"
