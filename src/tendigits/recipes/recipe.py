"""A recipe: all settings of a training in one typed class, which is read from a TOML file."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tomli_w
from pydantic import (
    AfterValidator,
    Field,
    NonNegativeInt,
    PositiveInt,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from tendigits.errors import RecipeError
from tendigits.recipes.network_settings import (
    ConvSettings,
    FinderSettings,
    MLPSettings,
    SequentialSettings,
)
from tendigits.recipes.setting_names import (
    dotted,
    hint,
    reject_unknown,
    sentence,
    set_by_name,
)
from tendigits.recipes.settings import (
    AdamSettings,
    AdamWSettings,
    AugmentationSettings,
    DistillationSettings,
    FineTuningSettings,
    Fraction,
    MuonSettings,
    OODSettings,
    PageSettings,
    ScheduleSettings,
    Settings,
    SGDSettings,
)

NetworkSettings = MLPSettings | ConvSettings | SequentialSettings | FinderSettings
OptimizerSettings = AdamSettings | AdamWSettings | SGDSettings | MuonSettings
Precision = Literal["auto", "float32", "bfloat16"]

_SHIPPED = Path(__file__).parent
_FOR_CLASSIFIERS = (
    "label_smoothing",
    "members",
    "variants",
    "augmentation",
    "ood",
    "synthetic_digits",
    "distillation",
    "fine_tuning",
)
# What the members of an ensemble can differ in; they share the images and the validation images.
_OF_A_MEMBER = (
    "epochs",
    "label_smoothing",
    "ema_decay",
    "network",
    "optimizer",
    "schedule",
    "augmentation",
)


def _folder_name(name: str) -> str:
    if not name or set(name) & set("/\\\0"):
        raise PydanticCustomError(
            "name", "give a name without / and \\, since the run folder is named after it"
        )
    return name


class Recipe(Settings):
    """All settings of a training.

    Attributes:
        name: the name of the recipe, and the start of the names of its runs; by default the name
            of the file without `.toml`.
        description: what the recipe is, in a sentence; may be empty.
        seed: determines the split, the initial weights and the order of the batches.
        epochs: the number of passes over the training images.
        batch_size: images per step.
        validation_fraction: the fraction of the training images that is held out for validation;
            with 0 all are trained on, and there are no validation figures.
        precision: the type of the network's matrix multiplications; `auto` is bfloat16 where the
            hardware supports it, float32 elsewhere.
        label_smoothing: the part of a label's weight that is spread evenly over all classes.
        ema_decay: the decay per step of an exponential moving average of the weights, which then
            is the trained network; 0 for none. After n steps it is at most (1 + n) / (10 + n).
        patience: the number of epochs without a lower validation loss after which the training
            ends early; never when None.
        members: the number of networks that are trained independently on the same images and
            form an ensemble: it predicts the mean of their probabilities. With a distillation
            that names no teacher they teach one more network, and that one is the result.
        variants: settings in which the members of an ensemble differ: the first member has those
            of the first variant, and so on, from the first again when all are used. All members
            have the same settings, but other seeds, when None.
        network: the architecture.
        optimizer: the optimiser and its settings.
        schedule: the learning rate schedule; constant when None.
        augmentation: random changes of the training images; none when None.
        ood: out-of-distribution images to train on, for rejection; none when None.
        synthetic_digits: the number of synthetic ones with a long flag and sevens with a bar to
            train on.
        distillation: a teacher whose predictions are trained on beside the labels; none when None.
        fine_tuning: the trained model to start from; the initial weights are random when None.
        pages: the pages that a finder is trained on; None for a classifier of digits.
    """

    name: Annotated[str, AfterValidator(_folder_name)]
    description: str = ""
    seed: int = Field(ge=0, lt=2**32)
    epochs: PositiveInt
    batch_size: PositiveInt
    validation_fraction: Fraction
    precision: Precision = "auto"
    label_smoothing: Fraction = 0.0
    ema_decay: Fraction = 0.0
    patience: PositiveInt | None = None
    members: Annotated[int, Field(ge=1, le=100)] = 1
    variants: Annotated[list[dict[str, Any]], Field(min_length=1)] | None = None
    network: NetworkSettings = Field(discriminator="kind")
    optimizer: OptimizerSettings = Field(discriminator="kind")
    schedule: ScheduleSettings | None = None
    augmentation: AugmentationSettings | None = None
    ood: OODSettings | None = None
    synthetic_digits: NonNegativeInt = 0
    distillation: DistillationSettings | None = None
    fine_tuning: FineTuningSettings | None = None
    pages: PageSettings | None = Field(default=None, validate_default=True)

    @field_validator("patience")
    @classmethod
    def _needs_validation(cls, patience: int | None, others: ValidationInfo) -> int | None:
        if patience is not None and not others.data.get("validation_fraction"):
            raise PydanticCustomError(
                "patience", "it needs a validation loss, so set a validation_fraction too"
            )
        return patience

    @field_validator("pages")
    @classmethod
    def _finder_has_pages(
        cls, pages: PageSettings | None, others: ValidationInfo
    ) -> PageSettings | None:
        if not isinstance(others.data.get("network"), FinderSettings):
            if pages is not None:
                raise PydanticCustomError("pages", "only a network of the kind finder has pages")
            return pages
        if pages is None:
            raise PydanticCustomError("pages", "a finder is trained on pages, so add [pages]")
        if not others.data.get("validation_fraction"):
            raise PydanticCustomError(
                "pages", "they need digits of other writers, so set a validation_fraction"
            )
        for name in _FOR_CLASSIFIERS:
            if others.data.get(name) != cls.model_fields[name].default:
                raise PydanticCustomError(
                    "pages", "leave out {name}, which is for classifiers", {"name": name}
                )
        return pages

    @field_validator("variants")
    @classmethod
    def _differ_in_training(
        cls, variants: list[dict[str, Any]] | None, others: ValidationInfo
    ) -> list[dict[str, Any]] | None:
        if variants is None:
            return None
        members = others.data.get("members", 1)
        if members == 1 or len(variants) > members:
            raise PydanticCustomError("variants", "set at least as many members, and two or more")
        for name in sorted({name for each in variants for name in dotted(each)}):
            if name.split(".")[0] not in _OF_A_MEMBER:
                raise PydanticCustomError(
                    "variants", "{name} is the same for all members", {"name": name}
                )
        return variants

    @field_validator("distillation")
    @classmethod
    def _has_a_teacher(
        cls, distillation: DistillationSettings | None, others: ValidationInfo
    ) -> DistillationSettings | None:
        if distillation and distillation.teacher is None and others.data.get("members", 1) == 1:
            raise PydanticCustomError(
                "teacher", "there is nothing to learn from; set a teacher, or several members"
            )
        return distillation

    @property
    def teaches_itself(self) -> bool:
        """Whether its members are only the teachers of one more network."""
        return self.distillation is not None and self.distillation.teacher is None

    @property
    def is_ensemble(self) -> bool:
        """Whether what it trains predicts with several networks."""
        return self.members > 1 and not self.teaches_itself

    @property
    def member_recipes(self) -> "list[Recipe]":
        """The recipe of each member, with its own seed; this one alone if there are none."""
        if self.members == 1:
            return [self]
        return [self._member(number) for number in range(1, self.members + 1)]

    def _member(self, number: int) -> "Recipe":
        seed = int(np.random.SeedSequence([self.seed, number]).generate_state(1)[0])
        variants = self.variants or [{}]
        own = dotted(variants[(number - 1) % len(variants)])
        shared = self.model_copy(update={"distillation": None}) if self.teaches_itself else self
        return shared.changed({**own, "seed": seed, "members": 1, "variants": None})

    def augmentation_in(self, epoch: int) -> AugmentationSettings | None:
        """Return the augmentation in `epoch` (from 1); None for none."""
        if self.augmentation is None or epoch > self.epochs - self.augmentation.unaugmented_epochs:
            return None
        return self.augmentation

    def changed(self, settings: Mapping[str, object]) -> "Recipe":
        """Return the recipe with other values for the dotted names in `settings`.

        Raises:
            RecipeError: a setting is unknown, or its value invalid.
        """
        values = self.model_dump(exclude_none=True)
        for name, value in settings.items():
            set_by_name(values, name, value, Recipe)
        return _checked(values)

    @property
    def portable_settings(self) -> dict[str, object]:
        """All settings that are not None; of the path of a teacher only the last part is kept."""
        settings = self.model_dump(exclude_none=True)
        if self.distillation is not None and self.distillation.teacher is not None:
            settings["distillation"]["teacher"] = Path(self.distillation.teacher).name
        return settings

    def to_toml(self) -> str:
        """Return the recipe as the text of a TOML file."""
        return tomli_w.dumps(self.model_dump(exclude_none=True))


def shipped_recipes() -> dict[str, Path]:
    """Return the files of the recipes in the package, by name."""
    return {path.stem: path for path in sorted(_SHIPPED.glob("*.toml"))}


def load_recipe(recipe: str | Path, settings: Mapping[str, object] | None = None) -> Recipe:
    """Load a recipe and change some of its settings.

    Args:
        recipe: the name of a shipped recipe (`mlp`) or the path of a TOML file.
        settings: dotted names and their values, such as `{"optimizer.learning_rate": 0.002}`.

    Raises:
        RecipeError: there is no such recipe, a setting is unknown, or its value invalid.
    """
    path = _find(recipe)
    values = _read_toml(path)
    reject_unknown(values, Recipe, path)
    return _checked({"name": path.stem, **values}).changed(settings or {})


def parse_setting(text: str) -> tuple[str, object]:
    """Parse `name=value`, the value in TOML's syntax (a bare word is a string).

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
        f"There is no shipped recipe and no file {recipe}; {hint(str(recipe), list(shipped))}"
    )


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        reason = str(error).rstrip(".")
        raise RecipeError(f"{path} is not a TOML file: {reason}.") from error
    except OSError as error:
        raise RecipeError(f"{path} cannot be read: {error.strerror}.") from error


def _checked(values: Mapping[str, Any]) -> Recipe:
    try:
        recipe = Recipe.model_validate(values)
    except ValidationError as error:
        raise RecipeError(sentence(error.errors()[0], values["name"])) from error
    if recipe.variants:
        recipe.member_recipes  # noqa: B018 - raises where a variant is invalid
    return recipe
