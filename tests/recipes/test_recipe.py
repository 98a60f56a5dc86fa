import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from tendigits.errors import RecipeError
from tendigits.recipes import MLPSettings, Recipe, load_recipe, parse_setting, shipped_recipes

OWN_RECIPE = """\
description = "A narrow one."
seed = 3
epochs = 1
batch_size = 50
validation_fraction = 0.2

[network]
kind = "mlp"
widths = [20]

[optimizer]
kind = "adam"
learning_rate = 0.01
betas = [0.8, 0.99]
epsilon = 1e-8
"""
TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)
NAMES = TEXTS.filter(lambda name: name and not set(name) & set("/\\\0"))
shipped = pytest.mark.parametrize("name", shipped_recipes())


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "narrow.toml"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recipe") / "scratch.toml"


@contextmanager
def rejected(*mentions: object) -> Iterator[None]:
    """Expect a RecipeError of one sentence that contains all `mentions`."""
    with pytest.raises(RecipeError) as rejection:
        yield
    check_sentence(str(rejection.value), *mentions)


def check_sentence(sentence: str, *mentions: object) -> None:
    assert len(sentence.splitlines()) == 1, sentence
    assert sentence.endswith((".", "?")), sentence
    assert not sentence.endswith(".."), sentence
    for mention in mentions:
        assert str(mention) in sentence, sentence


def edited(line: str, instead: str) -> str:
    assert OWN_RECIPE.count(line) == 1
    return OWN_RECIPE.replace(line, instead)


def test_mlp_has_the_settings_of_the_notebook() -> None:
    recipe = load_recipe("mlp")
    assert recipe.network == MLPSettings(kind="mlp", widths=[350, 350])
    assert (recipe.epochs, recipe.batch_size, recipe.validation_fraction) == (7, 100, 0.1)
    assert recipe.optimizer.learning_rate == 0.001


@shipped
def test_shipped_recipe_loads_by_its_name(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.description.endswith(".")


@shipped
def test_shipped_recipe_loads_by_its_path(name: str) -> None:
    assert load_recipe(shipped_recipes()[name]) == load_recipe(name)


@shipped
def test_recipe_written_as_toml_is_the_same_when_read(name: str, toml: Path) -> None:
    recipe = load_recipe(name)
    toml.write_text(recipe.to_toml(), encoding="utf-8")
    assert load_recipe(toml) == recipe


@given(
    name=NAMES,
    description=TEXTS,
    seed=st.integers(0, 2**32 - 1),
    epochs=st.integers(1, 10**30),
    fraction=st.floats(0, 1, exclude_min=True, exclude_max=True),
    learning_rate=st.floats(0, exclude_min=True, allow_infinity=False),
)
@settings(deadline=None)
def test_any_settings_written_as_toml_are_the_same_when_read(
    scratch: Path,
    name: str,
    description: str,
    seed: int,
    epochs: int,
    fraction: float,
    learning_rate: float,
) -> None:
    changes = {
        "name": name,
        "description": description,
        "seed": seed,
        "epochs": epochs,
        "validation_fraction": fraction,
        "optimizer.learning_rate": learning_rate,
    }
    recipe = load_recipe("mlp", changes)
    scratch.write_text(recipe.to_toml(), encoding="utf-8")
    assert load_recipe(scratch) == recipe


def test_recipe_is_named_after_its_file(toml: Path) -> None:
    toml.write_text(OWN_RECIPE)
    recipe = load_recipe(toml)
    assert (recipe.name, recipe.description) == ("narrow", "A narrow one.")
    assert recipe.network == MLPSettings(kind="mlp", widths=[20])
    assert load_recipe(str(toml)) == recipe


def test_recipe_can_contain_its_name(toml: Path) -> None:
    toml.write_text('name = "thin"\n' + OWN_RECIPE)
    assert load_recipe(toml).name == "thin"


def test_byte_order_mark_is_ignored(toml: Path) -> None:
    toml.write_text(OWN_RECIPE, encoding="utf-8-sig")
    assert load_recipe(toml).name == "narrow"


def test_settings_change_only_what_they_name() -> None:
    recipe = load_recipe("mlp")
    changed = load_recipe("mlp", {"optimizer.learning_rate": 0.002, "epochs": 3})
    assert (changed.optimizer.learning_rate, changed.epochs) == (0.002, 3)
    assert changed.changed({"optimizer.learning_rate": 0.001, "epochs": 7}) == recipe


def test_integer_is_accepted_for_a_float() -> None:
    assert load_recipe("mlp", {"optimizer.learning_rate": 1}).optimizer.learning_rate == 1.0


def test_changed_returns_a_copy() -> None:
    recipe = load_recipe("mlp")
    recipe.changed({"network.widths": [5], "seed": 9})
    assert recipe == load_recipe("mlp")


@pytest.mark.parametrize(
    ("line", "instead", "unknown", "hint"),
    [
        ("epochs = 1", "epoch = 1", "epoch", "did you mean epochs?"),
        ("widths = [20]", "width = [20]", "network.width", "did you mean network.widths?"),
        ("seed = 3", "learning_rate = 1", "learning_rate", "mean optimizer.learning_rate?"),
        ("seed = 3", "zzz = 1", "zzz", "choose from name, description, seed, epochs,"),
        ("seed = 3", "seed.x = 3", "seed.x", "did you mean seed?"),
    ],
)
def test_unknown_setting_in_a_file_is_rejected_with_a_suggestion(
    toml: Path, line: str, instead: str, unknown: str, hint: str
) -> None:
    toml.write_text(edited(line, instead))
    with rejected(f"{toml}: unknown setting {unknown}; ", hint):
        load_recipe(toml)


@pytest.mark.parametrize(
    "extra", ["[extra]", '"optimizer.learning_rate" = 1'], ids=["a table", "a quoted key"]
)
def test_key_that_only_resembles_a_setting_is_rejected(toml: Path, extra: str) -> None:
    toml.write_text(extra + "\n" + OWN_RECIPE if "=" in extra else OWN_RECIPE + extra)
    with rejected("not permitted"):
        load_recipe(toml)


@pytest.mark.parametrize(
    ("unknown", "hint"),
    [
        ("epoch", "did you mean epochs?"),
        ("betas", "did you mean optimizer.betas?"),
        ("optimiser.learning_rate", "did you mean optimizer.learning_rate?"),
        ("network", "did you mean network.kind?"),
        ("seed.x", "did you mean seed?"),
        ("lr", "choose from name, description, seed, epochs,"),
        ("", "choose from"),
    ],
)
def test_unknown_setting_is_rejected_with_a_suggestion(unknown: str, hint: str) -> None:
    with rejected(f"Unknown setting {unknown}; ", hint):
        load_recipe("mlp", {unknown: 1})


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        ("name", "", "give a name without / and"),
        ("name", "../mlp", "give a name without / and"),
        ("name", "a\\b", "give a name without / and"),
        ("name", 5, "valid string"),
        ("description", 5, "valid string"),
        ("seed", -1, "greater than or equal to 0"),
        ("seed", 2**32, "less than 4294967296"),
        ("seed", True, "valid integer"),
        ("epochs", 0, "greater than 0"),
        ("epochs", 1.5, "valid integer"),
        ("epochs", "3", "valid integer"),
        ("batch_size", 0, "greater than 0"),
        ("batch_size", [100], "valid integer"),
        ("validation_fraction", -0.1, "greater than or equal to 0"),
        ("validation_fraction", 1.0, "less than 1"),
        ("validation_fraction", "0.1", "valid number"),
        ("network.kind", "transformer", "'mlp'"),
        ("network.widths", 350, "valid list"),
        ("network.widths", [350, 2.5], "valid integer"),
        ("network.widths", [350, 0], "greater than 0"),
        ("optimizer.kind", "lion", "'adam'"),
        ("optimizer.learning_rate", 0, "greater than 0"),
        ("optimizer.learning_rate", float("inf"), "finite"),
        ("optimizer.learning_rate", float("nan"), "finite"),
        ("optimizer.betas", [0.9], "at least 2"),
        ("optimizer.betas", [0.9, 0.99, 0.999], "at most 2"),
        ("optimizer.betas", [0.9, 1.0], "less than 1"),
        ("optimizer.betas", [-0.1, 0.9], "greater than or equal to 0"),
        ("optimizer.epsilon", -1e-8, "greater than 0"),
    ],
)
def test_invalid_value_is_rejected_with_the_reason(
    setting: str, value: object, reason: str
) -> None:
    with rejected("Invalid value for ", f"{setting}", reason):
        load_recipe("mlp", {setting: value})


@pytest.mark.parametrize(
    ("line", "instead", "reason"),
    [
        ("seed = 3", 'seed = "three"', "Invalid value for seed: 'three'"),
        (
            "epochs = 1",
            "epochs = 1979-05-27",
            "epochs: datetime.date(1979, 5, 27)",
        ),
        ("seed = 3", "seed = {}", "Invalid value for seed: {}"),
        ("seed = 3\n", "", "The recipe narrow lacks the setting seed; add it."),
        ('kind = "mlp"\n', "", "The recipe narrow lacks the setting network.kind; add it."),
        ('[network]\nkind = "mlp"\nwidths = [20]\n', "", "lacks the setting network; add it."),
        ("widths = [20]", "widths = [0]", "Invalid value for network.widths.0: 0"),
    ],
)
def test_file_with_an_invalid_value_is_rejected(
    toml: Path, line: str, instead: str, reason: str
) -> None:
    toml.write_text(edited(line, instead))
    with rejected(reason):
        load_recipe(toml)


@pytest.mark.parametrize(
    "content",
    [b"epochs 7", b"\xff\xfe\x00", b"\x89PNG\r\n", b"a = " + b"[" * 5000, b"a = " + b"9" * 5000],
    ids=["no equals", "not text", "a PNG", "too deep", "too many digits"],
)
def test_file_that_is_not_toml_is_rejected(toml: Path, content: bytes) -> None:
    toml.write_bytes(content)
    with rejected(f"{toml} is not a TOML file: "):
        load_recipe(toml)


@given(content=st.binary(max_size=80) | st.text(max_size=80).map(lambda text: text.encode()))
@settings(deadline=None)
def test_any_bytes_are_rejected_in_one_sentence(scratch: Path, content: bytes) -> None:
    scratch.write_bytes(content)
    with rejected("scratch"):
        load_recipe(scratch)


def test_missing_file_is_rejected(toml: Path) -> None:
    with rejected(f"There is no shipped recipe and no file {toml}; choose from "):
        load_recipe(toml)


def test_folder_is_rejected(tmp_path: Path) -> None:
    with rejected(f"There is no shipped recipe and no file {tmp_path}; "):
        load_recipe(tmp_path)


def test_misspelt_recipe_is_rejected_with_a_suggestion() -> None:
    with rejected("no file mlpp; did you mean mlp?"):
        load_recipe("mlpp")


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("epochs=3", ("epochs", 3)),
        ("optimizer.learning_rate=1e-3", ("optimizer.learning_rate", 0.001)),
        ("optimizer.learning_rate = 0.5", ("optimizer.learning_rate", 0.5)),
        ("network.widths=[100, 50]", ("network.widths", [100, 50])),
        ("name=wide", ("name", "wide")),
        ('name="wide"', ("name", "wide")),
        ("description=two words", ("description", "two words")),
        ("description=a=b", ("description", "a=b")),
        ("description=", ("description", "")),
        ("nesterov=true", ("nesterov", True)),
        ("seed=[1", ("seed", "[1")),
        ("seed=" + "9" * 5000, ("seed", "9" * 5000)),
        ("seed=" + "[" * 5000, ("seed", "[" * 5000)),
    ],
    ids=lambda value: str(value)[:40],
)
def test_setting_is_parsed_as_toml(text: str, setting: tuple[str, object]) -> None:
    assert parse_setting(text) == setting


def test_setting_without_a_value_is_rejected() -> None:
    with rejected("--set epochs has no value; write --set epochs=VALUE."):
        parse_setting("epochs")


@given(name=TEXTS, value=st.integers() | st.floats(allow_nan=False) | st.booleans())
def test_any_value_is_parsed(name: str, value: float | bool) -> None:
    written = str(value).lower() if isinstance(value, bool) else repr(value)
    found_name, found = parse_setting(f"{name.replace('=', '')}={written}")
    assert found_name == name.replace("=", "").strip()
    assert found == value
    assert type(found) is type(value)


def test_recipe_as_toml_is_a_complete_document() -> None:
    recipe = load_recipe("mlp")
    assert Recipe.model_validate(tomllib.loads(recipe.to_toml())) == recipe


def test_patience_without_validation_images_is_rejected() -> None:
    with rejected("Invalid value for patience: 2; it needs a validation loss"):
        load_recipe("mlp", {"patience": 2, "validation_fraction": 0.0})


@pytest.mark.parametrize(
    ("recipe", "setting", "value", "reason"),
    [
        ("finder", "ood.count", 5, "leave out ood, which is for classifiers"),
        ("finder", "members", 2, "leave out members, which is for classifiers"),
        ("finder", "validation_fraction", 0.0, "so set a validation_fraction"),
        ("finder", "pages", None, "a finder is trained on pages"),
        ("mlp", "pages", {"steps_per_epoch": 1, "validation_pages": 1}, "of the kind finder"),
    ],
)
def test_pages_are_for_finders_alone(
    toml: Path, recipe: str, setting: str, value: object, reason: str
) -> None:
    values = tomllib.loads(load_recipe(recipe).to_toml())
    section, _, key = setting.partition(".")
    values[section] = {key: value} if key else value
    if value is None:
        del values[section]
    toml.write_text(tomli_w.dumps(values), encoding="utf-8")
    with rejected("Invalid value for pages: ", reason):
        load_recipe(toml)


VARIANTS = """
[[variants]]
[[variants]]
epochs = 9
label_smoothing = 0.2
network.stem_kernel = 3
"""


def test_members_of_an_ensemble_differ_in_its_variants_in_turn(toml: Path) -> None:
    values = load_recipe("fast", {"members": 3}).to_toml()
    toml.write_text(values + VARIANTS, encoding="utf-8")
    recipe = load_recipe(toml)
    first, second, third = recipe.member_recipes
    assert first.changed({"seed": 0}) == third.changed({"seed": 0})
    assert first.network == recipe.network
    assert second.network == recipe.changed({"network.stem_kernel": 3}).network
    assert (second.epochs, second.label_smoothing) == (9, 0.2)
    assert (second.members, second.variants) == (1, None)
    assert Recipe.model_validate(tomllib.loads(recipe.to_toml())) == recipe


@pytest.mark.parametrize(
    ("members", "variants", "reason"),
    [
        (1, "[[variants]]\nepochs = 3", "set at least as many members, and two or more"),
        (2, "[[variants]]\n[[variants]]\n[[variants]]", "set at least as many members"),
        (2, "[[variants]]\nvalidation_fraction = 0.2", "is the same for all members"),
        (2, "[[variants]]\nood.count = 9", "ood.count is the same for all members"),
        (2, "[[variants]]\nnetwork.stem_kernel = 29", "a kernel of 29x29 is larger"),
        (2, "[[variants]]\nnetwork.kernel = 5", "Unknown setting network.kernel"),
    ],
)
def test_variants_that_no_ensemble_can_have_are_rejected(
    toml: Path, members: int, variants: str, reason: str
) -> None:
    values = load_recipe("fast", {"members": members}).to_toml()
    toml.write_text(f"{values}\n{variants}\n", encoding="utf-8")
    with rejected(reason):
        load_recipe(toml)


def test_members_teach_one_network_where_no_other_teacher_is_named() -> None:
    recipe = load_recipe("fast", {"members": 2, "distillation.weight": 0.5})
    assert recipe.teaches_itself
    assert not recipe.is_ensemble
    assert [each.distillation for each in recipe.member_recipes] == [None, None]
    with rejected("Invalid value for distillation: ", "set a teacher, or several members"):
        load_recipe("fast", {"distillation.weight": 0.5})


def test_last_epochs_are_without_augmentation_where_the_recipe_says_so() -> None:
    recipe = load_recipe("fast", {"epochs": 5, "augmentation.unaugmented_epochs": 2})
    augmented = [recipe.augmentation_in(epoch) is not None for epoch in range(1, 6)]
    assert augmented == [True, True, True, False, False]


def test_portable_settings_contain_no_path_of_the_teacher() -> None:
    recipe = load_recipe("fast", {"distillation.teacher": "/home/someone/runs/teacher"})
    assert recipe.portable_settings["distillation"] == {
        "teacher": "teacher",
        "weight": 1.0,
        "temperature": 1.0,
    }
