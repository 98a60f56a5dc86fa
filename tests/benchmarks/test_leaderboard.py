from pathlib import Path
from typing import Any

import numpy as np
import pytest

import leaderboard
from leaderboard import PUBLISHED, folder_of, recipe_of
from leaderboard_table import CLAIMS, leaderboard_table
from out_of_fold import comparison
from tendigits.errors import RecipeError
from tendigits.networks import build_network, count_parameters
from tendigits.recipes import load_recipe

PUBLISHED_PARAMETERS = {
    "lenet5": 61_706,
    "keras-example": 34_826,
    "pytorch-example": 1_199_882,
}


def run(*accuracies: float) -> dict[str, Any]:
    return {"seconds": [30.0] * len(accuracies), "test_accuracy": list(accuracies)}


def test_every_published_recipe_says_what_is_claimed_of_it() -> None:
    assert {path.stem for path in PUBLISHED.glob("*.toml")} == set(CLAIMS) - {"mlp"}


@pytest.mark.parametrize(("name", "parameters"), PUBLISHED_PARAMETERS.items())
def test_networks_have_as_many_parameters_as_published(name: str, parameters: int) -> None:
    assert count_parameters(build_network(recipe_of(name).network, seed=0)) == parameters


def test_trainings_of_other_settings_or_another_seed_have_folders_of_their_own() -> None:
    recipe = recipe_of("lenet5")
    changes: list[dict[str, object]] = [{"epochs": 3}, {"optimizer.learning_rate": 0.5}]
    changes += [{"seed": 1}, {}]
    assert len({folder_of(recipe.changed(each)) for each in changes}) == len(changes)
    assert folder_of(recipe) == folder_of(recipe_of("lenet5"))


@pytest.mark.parametrize("name", ["ensemble", "finder", "reader", "distilled"])
def test_recipe_that_is_trained_in_another_way_is_rejected(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distilled = load_recipe("mlp", {"distillation.teacher": "runs/best"})
    (tmp_path / "distilled.toml").write_text(distilled.to_toml(), encoding="utf-8")
    monkeypatch.setattr(leaderboard, "PUBLISHED", tmp_path)
    with pytest.raises(RecipeError, match="which are not trained here"):
        recipe_of(name)


def test_a_row_has_the_last_epochs_and_what_choosing_the_best_adds() -> None:
    lenet5 = {
        "epochs": 3,
        "parameters": 61_706,
        "multiply_adds": 416_520,
        "runs": [run(0.98, 0.992, 0.991), run(0.98, 0.985, 0.989)],
    }
    table = leaderboard_table({"recipes": {"lenet5": lenet5}, "environment": {"cpu": "CPU"}})
    assert (
        "| LeNet-5 | 99.05 % | 99.00 ± 1.27 % (2) | +0.05 | 61,706 | 0.4 M | 90 s | 60 s (1 of 2) "
        "| not reached | `lenet5` |"
    ) in table


def test_settings_are_compared_on_the_images_that_one_of_them_gets_right() -> None:
    before, wrong = np.zeros(100, bool), np.zeros(100, bool)
    before[:12], wrong[10:12] = True, True
    assert comparison(wrong, before).startswith("10 images better, 0 worse than the first (p = 0.0")
