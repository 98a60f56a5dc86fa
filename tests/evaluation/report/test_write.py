import json
import os
from pathlib import Path

import pytest
from PIL import Image

from tendigits import evaluate_fully
from tendigits.errors import ModelError, ReportError

PICTURES = {
    "attacks.png",
    "confused-pairs.png",
    "confusion.png",
    "corruption-samples.png",
    "corruptions.png",
    "cost.png",
    "label-errors.png",
    "no-digits.png",
    "reliability.png",
    "selective.png",
    "sureness.png",
    "worst-errors.png",
}


def test_a_report_is_a_page_a_card_figures_and_pictures(full_report: Path) -> None:
    files = {path.name for path in full_report.iterdir()}
    assert files == PICTURES | {"report.html", "report.json", "MODEL_CARD.md"}
    for name in PICTURES:
        with Image.open(full_report / name) as picture:
            assert picture.format == "PNG"


def test_no_path_of_the_machine_is_told(full_report: Path) -> None:
    for name in ("report.html", "report.json", "MODEL_CARD.md"):
        text = (full_report / name).read_text(encoding="utf-8")
        assert str(full_report.parent) not in text
        assert os.fspath(Path.home()) + "/" not in text


def test_figures_that_are_no_numbers_are_written_as_null(full_report: Path) -> None:
    text = (full_report / "report.json").read_text(encoding="utf-8")
    json.loads(text, parse_constant=pytest.fail)


@pytest.mark.parametrize("kind", ["folder", "empty folder", "file"])
def test_what_exists_is_rejected_before_anything_is_measured(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "report"
    if kind == "file":
        out.touch()
    else:
        out.mkdir()
    if kind == "folder":
        (out / "mine.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ReportError, match="exists already") as rejection:
        evaluate_fully("mlp", out)
    assert "\n" not in str(rejection.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_place_that_cannot_be_written_is_told_before_anything_is_measured(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReportError, match="choose another --output"):
        evaluate_fully("mlp", tmp_path / "file" / "report")


def test_a_model_that_cannot_be_used_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        evaluate_fully("nope", tmp_path / "new" / "report")
    assert list(tmp_path.iterdir()) == []
