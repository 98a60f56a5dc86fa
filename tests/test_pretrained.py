"""The models that ship."""

from pathlib import Path

import pytest

import tendigits
from tendigits.classifiers.model_file import shipped_models, shipped_reports
from tendigits.evaluation import evaluate_model
from tendigits.evaluation.report.render import model_card
from tendigits.files import sha256_of
from tendigits.recipes import Recipe

MODELS = shipped_models()


def test_they_take_at_most_4_megabytes_together() -> None:
    assert set(MODELS) == {"mlp", "reader", "tiny"}
    assert sum(path.stat().st_size for path in MODELS.values()) <= 4_000_000


@pytest.mark.parametrize("name", MODELS)
def test_each_has_the_accuracy_that_it_says_it_has(name: str) -> None:
    model = tendigits.load_classifier(name)
    assert evaluate_model(model).accuracy == pytest.approx(model.info.test.accuracy, abs=3e-4)


@pytest.mark.parametrize("name", MODELS)
def test_each_is_of_the_recipe_that_ships(name: str) -> None:
    info = tendigits.load_classifier(name).info
    shipped = tendigits.load_recipe(name)
    made_by = Recipe.model_validate(info.recipe)
    for setting in ("network", "epochs", "optimizer", "augmentation", "ood", "synthetic_digits"):
        assert getattr(made_by, setting) == getattr(shipped, setting)


@pytest.mark.parametrize("name", MODELS)
def test_each_has_a_report_and_a_card_on_the_file_that_ships(name: str) -> None:
    report = tendigits.read_report(shipped_reports()[name])
    assert report.origin.sha256 == sha256_of(MODELS[name])
    card = MODELS[name].with_suffix(".md").read_text(encoding="utf-8")
    assert card == model_card(report)


def test_one_that_ships_is_right_about_how_sure_it_is() -> None:
    best = max(MODELS, key=lambda name: tendigits.load_classifier(name).info.test.accuracy)
    shipped = tendigits.read_report(shipped_reports()[best]).confidence.shipped
    assert shipped.calibration_error < 0.005
    assert shipped.negative_log_likelihood < 0.016


@pytest.mark.parametrize("name", MODELS)
def test_the_command_that_made_each_is_written_down(name: str) -> None:
    commands = (Path(MODELS[name]).parent / "README.md").read_text(encoding="utf-8")
    assert f"tendigits train {name} " in commands
    assert f"-o src/tendigits/pretrained/{name}.onnx" in commands
