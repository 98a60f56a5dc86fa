import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from tendigits.errors import RecipeError
from tendigits.recipes import Recipe, load_recipe, shipped_recipes

CONV: dict[str, Any] = {"kind": "conv", "channels": 4, "stride": 3}


def sequential(folder: Path, *layers: object) -> Recipe:
    recipe = tomllib.loads(shipped_recipes()["mlp"].read_text())
    recipe["network"] = {"kind": "sequential", "layers": list(layers)}
    (folder / "mine.toml").write_text(tomli_w.dumps(recipe))
    return load_recipe(folder / "mine.toml")


def test_a_layer_without_settings_can_be_given_by_its_name(tmp_path: Path) -> None:
    named = sequential(tmp_path, "flatten", "relu")
    assert named == sequential(tmp_path, {"kind": "flatten"}, {"kind": "relu"})


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        (["flatten", "max_pool"], "max_pool cannot follow flatten"),
        (["max_and_mean", CONV], "conv cannot follow flatten"),
        ([{"kind": "linear", "units": 4}], "linear needs flatten or max_and_mean before it"),
        ([{**CONV, "kernel": 29}], "a kernel of 29x29 is larger than the 28x28 pixels"),
        ([CONV] * 4, "a kernel of 3x3 is larger than the 1x1 pixels"),
        (["max_pool"] * 5, "a kernel of 2x2 is larger than the 1x1 pixels"),
        (["gelu"], "network.layers.0.kind: 'gelu'"),
        ([{"kind": "conv"}], "lacks the setting network.layers.0.conv.channels"),
        ([{"kind": "dropout", "fraction": 1.5}], "less than 1"),
    ],
)
def test_layers_that_do_not_fit_together_are_rejected_in_one_short_sentence(
    tmp_path: Path, layers: list[object], reason: str
) -> None:
    with pytest.raises(RecipeError) as rejection:
        sequential(tmp_path, *layers)
    assert reason in str(rejection.value)
    assert len(str(rejection.value)) < 300


@pytest.mark.parametrize(
    "settings",
    [{"network.stem_kernel": 29}, {"network.stages": [[8]] * 5}, {"network.stages": [[8] * 7]}],
)
def test_a_convolutional_network_that_is_larger_than_the_image_is_rejected(
    settings: dict[str, Any],
) -> None:
    with pytest.raises(RecipeError, match=r"larger than the .* pixels that are left of the image"):
        load_recipe("fast", settings)


def test_with_full_resolution_one_more_stage_fits() -> None:
    settings: dict[str, Any] = {"network.stages": [[8], [8], [8]]}
    with pytest.raises(RecipeError, match="larger than the 1x1 pixels"):
        load_recipe("fast", settings)
    load_recipe("fast", {**settings, "network.full_resolution": True})


def test_full_resolution_with_a_stride_is_rejected() -> None:
    with pytest.raises(RecipeError, match=r"network.full_resolution: True; set stem_stride to 1"):
        load_recipe("fast", {"network.full_resolution": True, "network.stem_stride": 2})
