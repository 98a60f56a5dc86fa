"""The server's description of itself: what FastAPI finds out, and what it cannot know."""

import inspect
import re
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from tendigits.classifiers.model_info import ModelInfo, TestFigures
from tendigits.server.bodies import ReadRequest
from tendigits.server.problems import ProblemAnswer
from tendigits.server.routes.correct import CorrectionRequest
from tendigits.server.routes.occlude import OcclusionRequest

# A name, its text, and the lines that go on with it.
_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.+(?:\n {8}.+)*)", re.MULTILINE)
# Named by `$ref` where a body is read by hand or a problem is told.
NAMED: tuple[type[BaseModel], ...] = (
    CorrectionRequest,
    OcclusionRequest,
    ProblemAnswer,
    ReadRequest,
)


def describe(app: FastAPI, *, needs_key: bool) -> dict[str, Any]:
    """Return the OpenAPI document of `app`, made once."""
    if not app.openapi_schema:
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            license_info=app.license_info,
            routes=app.routes,
        )
        _, named = models_json_schema(
            [(model, "validation") for model in NAMED],
            ref_template="#/components/schemas/{model}",
        )
        document["components"]["schemas"] |= named["$defs"]
        for kind in (ModelInfo, TestFigures):
            _describe_fields(document["components"]["schemas"][kind.__name__], kind)
        if not needs_key:
            _leave_out_keys(document)
        app.openapi_schema = document
    return app.openapi_schema


def _describe_fields(schema: dict[str, Any], kind: type) -> None:
    """Describe the fields of a dataclass as its docstring does."""
    text = inspect.getdoc(kind) or ""
    schema["description"], _, attributes = text.partition("\n\nAttributes:\n")
    for name, description in _ATTRIBUTE.findall(attributes):
        schema["properties"][name]["description"] = " ".join(description.split())


def _leave_out_keys(document: dict[str, Any]) -> None:
    del document["components"]["securitySchemes"]
    for operations in document["paths"].values():
        for operation in operations.values():
            operation.pop("security", None)
