from pathlib import Path

import pytest

from tendigits.errors import RecipeError
from tendigits.recipes import load_recipe
from tendigits.scale.search_space import Choices, Range, read_space, reject_unsuitable


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("batch_size = 3", "write batch_size as "),
        ("batch_size = { low = 1 }", "write batch_size as "),
        ("batch_size = { choices = [] }", "write batch_size as "),
        (
            "batch_size = { low = 2, high = 1 }",
            "invalid range of batch_size; low must not be above high",
        ),
        (
            "epochs = { low = 0, high = 1, log = true }",
            "invalid range of epochs; low must be above 0 where log is true",
        ),
        ("= 3", "is not a TOML file"),
        ("", "names no settings"),
    ],
)
def test_invalid_space_is_reported(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "space.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError, match=sentence) as error:
        read_space(file)
    assert "\n" not in str(error.value)


def test_range_of_one_number_is_valid(tmp_path: Path) -> None:
    file = tmp_path / "space.toml"
    file.write_text("epochs = { low = 2, high = 2, log = true }", encoding="utf-8")
    assert read_space(file) == {"epochs": Range(low=2, high=2, log=True)}


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        (
            "members",
            Range(low=1, high=3),
            "mlp with members = 3 has members or a teacher, and .* other values",
        ),
        (
            "distillation.teacher",
            Choices(choices=["runs/best"]),
            "mlp with distillation.teacher = runs/best has members or a teacher",
        ),
        (
            "validation_fraction",
            Range(low=0.0, high=0.2),
            "mlp with validation_fraction = 0.0 holds out no validation .* choose values above 0",
        ),
    ],
)
def test_values_that_a_search_cannot_train_are_rejected(
    name: str, values: Range | Choices, sentence: str
) -> None:
    with pytest.raises(RecipeError, match=sentence):
        reject_unsuitable(load_recipe("mlp"), {name: values})
