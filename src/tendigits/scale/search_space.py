"""The values among which a search chooses, and the check that it can train all of them."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from tendigits.errors import RecipeError
from tendigits.recipes import Recipe
from tendigits.recipes.settings import Settings

Value = bool | int | float | str


class Range(Settings):
    """Numbers to choose from; whole numbers where both limits are.

    Attributes:
        low: the smallest.
        high: the largest.
        log: whether to draw them evenly on a logarithmic scale.
    """

    low: int | float
    high: int | float
    log: bool = False

    @model_validator(mode="after")
    def _can_be_drawn_from(self) -> Self:
        if self.low > self.high:
            raise PydanticCustomError("range", "low must not be above high")
        if self.log and self.low <= 0:
            raise PydanticCustomError("range", "low must be above 0 where log is true")
        return self


class Choices(Settings):
    """Values to choose from.

    Attributes:
        choices: the values.
    """

    choices: list[Value] = Field(min_length=1)


# By the dotted names of the settings.
Space = Mapping[str, Range | Choices]


def read_space(path: Path) -> Space:
    """Read a TOML file of settings and their values.

    Raises:
        RecipeError: it cannot be read, or an entry is neither a range nor choices.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        space = TypeAdapter(dict[str, Range | Choices]).validate_python(values)
    except OSError as error:
        raise RecipeError(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise RecipeError(f"{path}: {_problem(error)}") from error
    except ValueError as error:
        raise RecipeError(f"{path} is not a TOML file: {str(error).rstrip('.')}.") from error
    if not space:
        raise RecipeError(f"{path} names no settings to search.")
    return space


def reject_unsuitable(recipe: Recipe, space: Space) -> None:
    """Raise a RecipeError if a search cannot train a recipe, or not with a value of the space."""
    _reject(recipe, recipe.name, "add --set validation_fraction=0.1")
    for name, values in space.items():
        # The values between two valid limits are valid, too.
        limits = values.choices if isinstance(values, Choices) else (values.low, values.high)
        for value in limits:
            changed = recipe.changed({name: value})
            _reject(changed, f"{recipe.name} with {name} = {value}", "choose values above 0")


def _reject(recipe: Recipe, described: str, advice: str) -> None:
    if not recipe.validation_fraction:
        raise RecipeError(
            f"{described} holds out no validation images, by which a search chooses; {advice}."
        )
    if recipe.members > 1 or recipe.distillation is not None:
        raise RecipeError(
            f"{described} has members or a teacher, and a search trains single networks without a "
            "teacher; choose another recipe or other values."
        )


def _problem(error: ValidationError) -> str:
    problems = error.errors()
    for problem in problems:
        if problem["type"] == "range":
            return f"invalid range of {problem['loc'][0]}; {problem['msg']}."
    name = problems[0]["loc"][0]
    return (
        f'write {name} as "{name}" = {{ low = 0.01, high = 0.1, log = true }} or '
        f'"{name}" = {{ choices = [1, 2] }}.'
    )
