"""A recipe: every setting of a training, as one typed class read from a TOML file."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import numpy as np
import tomli_w
from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    NonNegativeInt,
    PositiveInt,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from tendigits.errors import RecipeError
from tendigits.recipes.settings import (
    AdamSettings,
    AugmentationSettings,
    ConvSettings,
    DistillationSettings,
    FineTuningSettings,
    Fraction,
    MLPSettings,
    MuonSettings,
    OODSettings,
    ScheduleSettings,
    Settings,
    SGDSettings,
)

NetworkSettings = MLPSettings | ConvSettings
OptimizerSettings = AdamSettings | SGDSettings | MuonSettings
Precision = Literal["auto", "float32", "bfloat16"]

_SHIPPED = Path(__file__).parent


def _part_of_a_path(name: str) -> str:
    if not name or set(name) & set("/\\\0"):
        raise PydanticCustomError("name", "runs are named after it, so give what names a folder")
    return name


class Recipe(Settings):
    """Every setting of a training.

    Attributes:
        name: what runs are named after; the file's name without `.toml` unless it is given.
        description: what the recipe is, in a sentence.
        seed: fixes the split, the first weights and the order of the batches.
        epochs: how often the training images are gone through.
        batch_size: images a step.
        validation_fraction: the part of the training images that is held out for validation;
            with 0 all are learnt from and no validation figures are given.
        precision: the type of the network's products; `auto` is bfloat16 where the machine has
            units for it, float32 elsewhere.
        label_smoothing: the share of a label that is spread over all ten classes.
        ema_decay: the decay, a step, of a running mean of the weights, which then is the trained
            network; 0 for none.
        patience: the training ends early once the validation loss has been no lower than its
            lowest for this many epochs; never when None.
        members: how many networks are trained, one after another and independently, each on
            the same training images; the answer is the mean of their probabilities.
        network: what is trained.
        optimizer: how its weights are moved.
        schedule: how the learning rate goes; constant without it.
        augmentation: how the training images are distorted; not at all without it.
        ood: what is learnt beside the digits so that it can be rejected; nothing without it.
        synthetic_digits: how many ones with a long flag and sevens with a bar are drawn and learnt.
        distillation: whose answers are learnt beside the labels; nobody's without it.
        fine_tuning: what is gone on from; the first weights are drawn by the seed without it.
    """

    name: Annotated[str, AfterValidator(_part_of_a_path)]
    description: str
    seed: int = Field(ge=0, lt=2**32)
    epochs: PositiveInt
    batch_size: PositiveInt
    validation_fraction: Fraction
    precision: Precision = "auto"
    label_smoothing: Fraction = 0.0
    ema_decay: Fraction = 0.0
    patience: PositiveInt | None = None
    members: Annotated[int, Field(ge=1, le=100)] = 1
    network: NetworkSettings = Field(discriminator="kind")
    optimizer: OptimizerSettings = Field(discriminator="kind")
    schedule: ScheduleSettings | None = None
    augmentation: AugmentationSettings | None = None
    ood: OODSettings | None = None
    synthetic_digits: NonNegativeInt = 0
    distillation: DistillationSettings | None = None
    fine_tuning: FineTuningSettings | None = None

    @field_validator("patience")
    @classmethod
    def _watches_something(cls, patience: int | None, others: ValidationInfo) -> int | None:
        if patience is not None and not others.data.get("validation_fraction"):
            raise PydanticCustomError(
                "patience", "it watches the validation loss, so set a validation_fraction, too"
            )
        return patience

    def member(self, number: int) -> "Recipe":
        """Return the recipe of the ensemble's network `number` (from 1): its own seed, alone."""
        seed = int(np.random.SeedSequence([self.seed, number]).generate_state(1)[0])
        return self.changed({"seed": seed, "members": 1})

    def augmentation_in(self, epoch: int) -> AugmentationSettings | None:
        """Return how images are distorted in `epoch` (from 1), or None where they are not."""
        if self.augmentation is None or epoch > self.epochs - self.augmentation.unaugmented_epochs:
            return None
        return self.augmentation

    def changed(self, settings: Mapping[str, object]) -> "Recipe":
        """Return the recipe with other values for the dotted names in `settings`.

        Raises:
            RecipeError: no such setting, or a value out of range.
        """
        values = self.model_dump(exclude_none=True)
        for name, value in settings.items():
            _set(values, name, value)
        return _checked(values)

    def to_toml(self) -> str:
        """Return the recipe as the text of a TOML file."""
        return tomli_w.dumps(self.model_dump(exclude_none=True))


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
    _reject_unknown(values, path)
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
        sections = [
            option
            for option in (field.annotation, *get_args(field.annotation))
            if isinstance(option, type) and issubclass(option, BaseModel)
        ]
        for section in sections:
            yield from _setting_names(section, f"{prefix}{name}.")
        if not sections:
            yield prefix + name


def _given_names(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _given_names(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def _reject_unknown(values: Mapping[str, Any], path: Path) -> None:
    known = list(dict.fromkeys(_setting_names(Recipe)))
    for name in _given_names(values):
        if name not in known:
            raise RecipeError(f"{path} has no meaning for the setting {name}; {_hint(name, known)}")


def _set(values: dict[str, Any], name: str, value: object) -> None:
    known = list(dict.fromkeys(_setting_names(Recipe)))
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
        raise RecipeError(_in_a_sentence(error.errors()[0], values["name"])) from error


def _in_a_sentence(problem: ErrorDetails, recipe: str) -> str:
    setting = [str(part) for part in problem["loc"]]
    given = problem["input"]
    if problem["type"].startswith("union_tag"):
        setting.append("kind")
        given = problem.get("ctx", {}).get("tag")
    elif setting[0] in ("network", "optimizer"):
        del setting[1]  # the kind, which pydantic names although it is no section
    name = ".".join(setting)
    if problem["type"] in ("missing", "union_tag_not_found"):
        return f"The recipe {recipe} lacks the setting {name}; add it."
    return f"{name} = {given!r} will not do: {problem['msg'].lower().rstrip('.')}."
