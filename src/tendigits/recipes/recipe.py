"""A recipe: every setting of a training, as one typed class read from a TOML file."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from tendigits.errors import RecipeError

_SHIPPED = Path(__file__).parent


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _part_of_a_path(name: str) -> str:
    if not name or set(name) & set("/\\\0"):
        raise PydanticCustomError("name", "runs are named after it, so give what names a folder")
    return name


class MLPSettings(_Settings):
    """A multi-layer perceptron.

    Attributes:
        widths: the number of ReLU units in each hidden layer.
    """

    kind: Literal["mlp"]
    widths: list[PositiveInt]


class AdamSettings(_Settings):
    """The optimiser Adam. Source: D. P. Kingma, J. Ba, arXiv:1412.6980.

    Attributes:
        learning_rate: the step size.
        betas: decay of the running means of the gradient and of its square.
        epsilon: is added to the root of the second mean.
    """

    kind: Literal["adam"]
    learning_rate: PositiveFloat
    betas: list[Annotated[float, Field(ge=0, lt=1)]] = Field(min_length=2, max_length=2)
    epsilon: PositiveFloat


class Recipe(_Settings):
    """Every setting of a training.

    Attributes:
        name: what runs are named after; the file's name without `.toml` unless it is given.
        description: what the recipe is, in a sentence.
        seed: fixes the split, the first weights and the order of the batches.
        epochs: how often the training images are gone through.
        batch_size: images a step.
        validation_fraction: the part of the training images that is held out for validation.
        network: what is trained.
        optimizer: how its weights are moved.
    """

    name: Annotated[str, AfterValidator(_part_of_a_path)]
    description: str
    seed: int = Field(ge=0, lt=2**32)
    epochs: PositiveInt
    batch_size: PositiveInt
    validation_fraction: float = Field(gt=0, lt=1)
    network: MLPSettings
    optimizer: AdamSettings

    def changed(self, settings: Mapping[str, object]) -> "Recipe":
        """Return the recipe with other values for the dotted names in `settings`.

        Raises:
            RecipeError: no such setting, or a value out of range.
        """
        values = self.model_dump()
        for name, value in settings.items():
            _set(values, name, value)
        return _checked(values)

    def to_toml(self) -> str:
        """Return the recipe as the text of a TOML file."""
        return tomli_w.dumps(self.model_dump())


def shipped_recipes() -> dict[str, Path]:
    """Return the files of the recipes that come with the package, by name."""
    return {path.stem: path for path in sorted(_SHIPPED.glob("*.toml"))}


def load_recipe(recipe: str | Path, settings: Mapping[str, object] | None = None) -> Recipe:
    """Read a recipe and change some of its settings.

    Args:
        recipe: the name of a shipped recipe (`mlp`) or the path of a TOML file of your own.
        settings: dotted names and their values, such as `{"optimizer.learning_rate": 0.002}`.

    Raises:
        RecipeError: no such recipe or setting, or a value out of range.
    """
    path = _find(recipe)
    values = _read_toml(path)
    _refuse_unknown(values, path)
    return _checked({"name": path.stem, **values}).changed(settings or {})


def parse_setting(text: str) -> tuple[str, object]:
    """Read `name=value`, the value as TOML writes it (a bare word is taken as a string).

    Raises:
        RecipeError: there is no `=`.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise RecipeError(f"--set {text} has no value; write --set {text}=VALUE.")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError):
        return name.strip(), value.strip()


def _find(recipe: str | Path) -> Path:
    shipped = shipped_recipes()
    if str(recipe) in shipped:
        return shipped[str(recipe)]
    path = Path(recipe)
    if path.is_file():
        return path
    raise RecipeError(
        f"No shipped recipe and no file is called {recipe}; {_hint(str(recipe), list(shipped))}"
    )


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        reason = str(error).rstrip(".")
        raise RecipeError(f"{path} is no TOML file: {reason}.") from error
    except OSError as error:
        raise RecipeError(f"{path} cannot be read: {error.strerror}.") from error


def _setting_names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _setting_names(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name


def _given_names(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _given_names(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def _refuse_unknown(values: Mapping[str, Any], path: Path) -> None:
    known = list(_setting_names(Recipe))
    for name in _given_names(values):
        if name not in known:
            raise RecipeError(f"{path} has no meaning for the setting {name}; {_hint(name, known)}")


def _set(values: dict[str, Any], name: str, value: object) -> None:
    known = list(_setting_names(Recipe))
    if name not in known:
        raise RecipeError(f"No setting is called {name}; {_hint(name, known)}")
    *sections, key = name.split(".")
    for section in sections:
        values = values.setdefault(section, {})
    values[key] = value


def _hint(name: str, known: list[str]) -> str:
    by_last_part = [full for full in known if full.rpartition(".")[2] == name]
    nearest = by_last_part or difflib.get_close_matches(name, known, n=1)
    if nearest:
        return f"did you mean {nearest[0]}?"
    return f"known are {', '.join(known)}."


def _checked(values: Mapping[str, Any]) -> Recipe:
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        setting = ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            raise RecipeError(
                f"The recipe {values['name']} lacks the setting {setting}; add it."
            ) from error
        given = first["input"]
        raise RecipeError(
            f"{setting} = {given!r} will not do: {first['msg'].lower().rstrip('.')}."
        ) from error
