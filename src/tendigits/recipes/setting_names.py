"""The dotted names of settings, such as `optimizer.learning_rate`, and messages about them."""

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from tendigits.errors import RecipeError

_LONGEST_SHOWN = 80  # characters of a value in a message


def dotted(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested tables as one: `{"network": {"widths": [9]}}` as `{"network.widths": [9]}`."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= dotted(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat


def set_by_name(values: dict[str, Any], name: str, value: object, model: type[BaseModel]) -> None:
    """Set the setting with a dotted name in the nested tables `values` of a `model`.

    Raises:
        RecipeError: there is no such setting.
    """
    known = _known_names(model)
    if name not in known:
        raise RecipeError(f"Unknown setting {name}; {hint(name, known)}")
    *sections, key = name.split(".")
    for section in sections:
        values = values.setdefault(section, {})
    values[key] = value


def reject_unknown(values: Mapping[str, Any], model: type[BaseModel], path: Path) -> None:
    """Raise a RecipeError if the tables of a file have a setting that a `model` lacks."""
    known = _known_names(model)
    for name in dotted(values):
        if name not in known:
            raise RecipeError(f"{path}: unknown setting {name}; {hint(name, known)}")


def hint(name: str, known: list[str]) -> str:
    """Return what may be meant by an unknown name."""
    by_last_part = [full for full in known if full.rpartition(".")[2] == name]
    nearest = by_last_part or difflib.get_close_matches(name, known, n=1)
    if nearest:
        return f"did you mean {nearest[0]}?"
    return f"choose from {', '.join(known)}."


def sentence(problem: ErrorDetails, recipe: str) -> str:
    """Return in words what is wrong with a setting of a recipe."""
    setting = [str(part) for part in problem["loc"]]
    given = problem["input"]
    if setting[0] in ("network", "optimizer"):
        del setting[1:2]  # the kind, which pydantic adds although it is not a section
    if problem["type"].startswith("union_tag"):
        setting.append("kind")
        given = problem.get("ctx", {}).get("tag")
    name = ".".join(setting)
    if problem["type"] in ("missing", "union_tag_not_found"):
        return f"The recipe {recipe} lacks the setting {name}; add it."
    shown = f"{given!r}; " if len(repr(given)) <= _LONGEST_SHOWN else ""
    return f"Invalid value for {name}: {shown}{problem['msg'].lower().rstrip('.')}."


def _known_names(model: type[BaseModel]) -> list[str]:
    """Return the dotted names of all settings; those that several kinds have, once."""
    return list(dict.fromkeys(_names(model, "")))


def _names(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        sections = [
            option
            for option in (field.annotation, *get_args(field.annotation))
            if isinstance(option, type) and issubclass(option, BaseModel)
        ]
        for section in sections:
            yield from _names(section, f"{prefix}{name}.")
        if not sections:
            yield prefix + name
