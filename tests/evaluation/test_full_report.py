import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tendigits.classifiers import Classifier, load_model_file
from tendigits.classifiers.model_file import pretrained_reports
from tendigits.data import Dataset
from tendigits.errors import ReportError
from tendigits.evaluation import full_report as module
from tendigits.evaluation import read_report
from tendigits.evaluation.full_report import draw_ood_sets, write_full_report

PLOTS = {
    "adversarial.png",
    "confidence.png",
    "confused-pairs.png",
    "confusion.png",
    "corruption-samples.png",
    "corruptions.png",
    "cost.png",
    "label-errors.png",
    "ood-samples.png",
    "reliability.png",
    "selective.png",
    "worst-errors.png",
}


@pytest.fixture(scope="module")
def mlp() -> Classifier:
    return load_model_file("mlp")


def write(mlp: Classifier, mnist: Dataset, out: Path) -> None:
    write_full_report(mlp, [], mnist, {}, out, machine="a machine", progress=lambda *_: None)


def test_folder_holds_page_card_json_and_plots(full_report: Path) -> None:
    files = {path.name for path in full_report.iterdir()}
    assert files == {"plots", "report.html", "report.json", "MODEL_CARD.md"}
    assert {path.name for path in (full_report / "plots").iterdir()} == PLOTS
    for name in PLOTS:
        with Image.open(full_report / "plots" / name) as plot:
            assert plot.format == "PNG"


def test_figures_equal_those_of_the_shipped_report(full_report: Path) -> None:
    measured, shipped = (
        asdict(read_report(path)) for path in (full_report, pretrained_reports()["mlp"])
    )
    for report in (measured, shipped):
        for section in ("costs", "measured_with"):  # these depend on the machine
            del report[section]
    assert_near(measured, shipped)


def test_references_are_compared_in_robustness_and_cost(full_report: Path) -> None:
    report = read_report(full_report)
    for classifiers in (report.corruptions.classifiers, report.costs.classifiers):
        assert [each.name for each in classifiers] == ["mlp", "tiny"]


def test_accuracy_is_the_one_in_the_model_file(full_report: Path, mlp: Classifier) -> None:
    report = read_report(full_report)
    assert report.accuracy.metrics.accuracy == mlp.info.test.accuracy
    assert report.costs.classifiers[0].accuracy == mlp.info.test.accuracy


def test_sections_agree_with_each_other(full_report: Path) -> None:
    report = read_report(full_report)
    accuracy, metrics = report.accuracy, report.accuracy.metrics
    assert len(accuracy.errors) == sum(metrics.errors_per_class)
    assert sum(each.images for each in accuracy.classes) == metrics.images == 10_000
    most_confused = accuracy.confused_pairs[0]
    assert sum(most_confused.errors) == sum(
        {each.label, each.predicted} == set(most_confused.classes) for each in accuracy.errors
    )
    assert metrics.loss == report.calibration.final.negative_log_likelihood
    assert report.calibration.selective[0].accuracy == metrics.accuracy


def test_no_path_of_the_machine_is_in_a_report(full_report: Path) -> None:
    for name in ("report.html", "report.json", "MODEL_CARD.md"):
        text = (full_report / name).read_text(encoding="utf-8")
        assert str(full_report.parent) not in text
        assert os.fspath(Path.home()) + "/" not in text


def test_json_holds_no_nan_or_infinity(full_report: Path) -> None:
    text = (full_report / "report.json").read_text(encoding="utf-8")
    json.loads(text, parse_constant=pytest.fail)


def test_named_data_sets_are_measured_besides_the_package_sets(
    mlp: Classifier, mnist: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = read_report(pretrained_reports()["mlp"])
    # Measuring them takes a minute.
    monkeypatch.setattr(module, "measure_robustness", lambda *_: shipped.corruptions)
    out, clothes = tmp_path / "out", np.zeros((50, 28, 28), np.uint8)
    write_full_report(
        mlp, [], mnist, {"clothes": clothes}, out, machine="", progress=lambda *_: None
    )
    report = read_report(out)
    assert [(each.name, each.images) for each in report.ood.data_sets] == [("clothes", 50)]
    assert [each.name for each in report.ood.sets] == [each.name for each in shipped.ood.sets]
    assert report.adversarial is None  # this classifier has no network in torch
    assert {path.name for path in (out / "plots").glob("*.png")} == PLOTS - {"adversarial.png"}


def test_six_drawn_ood_sets_hold_a_thousand_images_each_and_are_always_the_same(
    mnist: Dataset,
) -> None:
    sets, again = (draw_ood_sets(mnist.test, lambda *_: None) for _ in range(2))
    assert len(sets) == 6
    for name, images in sets.items():
        assert images.shape == (1000, 28, 28)
        assert images.dtype == np.uint8
        assert images.any(axis=(1, 2)).all()
        assert np.array_equal(again[name], images)


def test_reference_of_the_same_name_gets_another(mlp: Classifier) -> None:
    other = replace(mlp, origin=replace(mlp.origin, sha256="another"))
    tiny = load_model_file("tiny")
    assert [each.name for each in module.other_classifiers(mlp, [mlp, other, tiny])] == [
        "mlp (reference)",
        "tiny",
    ]


@pytest.mark.parametrize("kind", ["folder", "empty folder", "file"])
def test_existing_output_is_rejected_before_anything_is_measured(
    mlp: Classifier, mnist: Dataset, tmp_path: Path, kind: str
) -> None:
    out = tmp_path / "report"
    if kind == "file":
        out.touch()
    else:
        out.mkdir()
    if kind == "folder":
        (out / "mine.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ReportError, match="exists already") as error:
        write(mlp, mnist, out)
    assert "\n" not in str(error.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_unwritable_output_is_rejected_before_anything_is_measured(
    mlp: Classifier, mnist: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReportError, match="choose another --out"):
        write(mlp, mnist, tmp_path / "file" / "report")


def assert_near(found: object, expected: object, place: str = "") -> None:
    """Compare nested figures, numbers to a ten-thousandth."""
    if isinstance(expected, dict):
        assert isinstance(found, dict)
        assert list(found) == list(expected), place
        for key, value in expected.items():
            assert_near(found[key], value, f"{place}.{key}")
    elif isinstance(expected, list | tuple):
        assert isinstance(found, list | tuple)
        assert len(found) == len(expected), place
        for at, (one, other) in enumerate(zip(found, expected, strict=True)):
            assert_near(one, other, f"{place}.{at}")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=1e-4), place
    else:
        assert found == expected, place
