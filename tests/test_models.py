"""The models that ship."""

from pathlib import Path

import pytest

import tendigits
from tendigits.evaluation import evaluate_model
from tendigits.reading.model_file import shipped_models
from tendigits.recipes import Recipe

MODELS = shipped_models()


def test_they_take_at_most_4_megabytes_together() -> None:
    assert set(MODELS) == {"mlp", "reader", "tiny"}
    assert sum(path.stat().st_size for path in MODELS.values()) <= 4_000_000


@pytest.mark.parametrize("name", MODELS)
def test_each_has_the_accuracy_that_it_says_it_has(name: str) -> None:
    model = tendigits.load_model(name)
    assert evaluate_model(model).accuracy == pytest.approx(model.info.test.accuracy, abs=3e-4)


@pytest.mark.parametrize("name", MODELS)
def test_each_is_of_the_recipe_that_ships(name: str) -> None:
    info = tendigits.load_model(name).info
    shipped = tendigits.load_recipe(name)
    made_by = Recipe.model_validate(info.recipe)
    for setting in ("network", "epochs", "optimizer", "augmentation", "outliers", "european"):
        assert getattr(made_by, setting) == getattr(shipped, setting)


@pytest.mark.parametrize("name", MODELS)
def test_the_command_that_made_each_is_written_down(name: str) -> None:
    commands = (Path(MODELS[name]).parent / "README.md").read_text(encoding="utf-8")
    assert f"tendigits train {name} " in commands
    assert f"-o src/tendigits/models/{name}.onnx" in commands
