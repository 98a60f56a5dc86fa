"""Error responses: problem details after RFC 9457, each with one sentence that says what to do."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER = 1  # seconds
MAX_FIELD_LENGTH = 100  # of a field's name in a response; clients invent any


class ProblemDetails(BaseModel):
    """An error as RFC 9457 describes it."""

    type: str = Field("about:blank", description="Always `about:blank`: `status` is specific.")
    title: str = Field(description="The status in words.", examples=["Unprocessable Content"])
    status: int = Field(description="The HTTP status.", examples=[422])
    detail: str = Field(description="What is wrong and what to do, in one sentence.")


class Problem(Exception):  # noqa: N818 - the RFC's name
    """A request that gets an error response.

    Attributes:
        status: the HTTP status.
        detail: one sentence for the client that says what is wrong and what to do.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def problem_response(problem: Problem) -> JSONResponse:
    """Return the HTTP response of a problem."""
    headers = {}
    if problem.status in (429, 503):
        headers["Retry-After"] = str(RETRY_AFTER)
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    content = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
    }
    return JSONResponse(content, problem.status, headers, CONTENT_TYPE)


def documented_problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI's description of the error responses with these statuses."""
    schema = {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {CONTENT_TYPE: {"schema": schema}},
        }
        for status in statuses
    }


def add_problem_handlers(app: FastAPI) -> None:
    """Make `app` send problem details for its own errors, FastAPI's and Starlette's."""

    async def handle_problem(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Problem)
        return problem_response(error)

    async def handle_http_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        sentence = _HTTP_ERRORS.get(error.status_code, "The request cannot be handled.")
        response = problem_response(Problem(error.status_code, sentence))
        methods = _methods_at(app, request.url.path) if error.status_code == 405 else []
        response.headers.update({"Allow": ", ".join(methods)} if methods else error.headers or {})
        return response

    async def handle_invalid_value(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return problem_response(validation_problem(error))

    app.add_exception_handler(Problem, handle_problem)
    app.add_exception_handler(HTTPException, handle_http_error)
    app.add_exception_handler(RequestValidationError, handle_invalid_value)


def validation_problem(error: RequestValidationError | ValidationError) -> Problem:
    """Return the problem of a request with a missing or invalid value."""
    # An unknown field comes first: a field that is missing may be the one that is misspelt.
    errors = sorted(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    # For a union of types pydantic lists one error per type; the deepest belongs to the nearest.
    first = _names(errors[0]["loc"])[:1]
    of_field = [each for each in errors if _names(each["loc"])[:1] == first]
    nearest = max(of_field, key=lambda each: len(each["loc"]))
    field = _field(nearest["loc"])
    if nearest["type"] == "json_invalid":
        return Problem(400, "The body is not valid JSON; send JSON, or another Content-Type.")
    if nearest["type"] == "extra_forbidden":
        return Problem(422, f"Unknown field {field}; /docs lists the fields.")
    if nearest["type"] == "missing":
        return Problem(422, f"The field {field} is missing; add it.")
    what = f"Invalid value for {field}" if field else "Invalid body"
    reason = nearest["msg"].rstrip(".")
    return Problem(422, f"{what}: {reason[0].lower()}{reason[1:]}.")


def _field(location: Sequence[int | str]) -> str:
    """Return the field of an error, such as `key` or `pictures[1]`; empty for the whole body."""
    names = _names(location)
    if not names:
        return ""
    name = str(names[0])[:MAX_FIELD_LENGTH]
    index = next((part for part in names[1:] if isinstance(part, int)), None)
    return name if index is None else f"{name}[{index}]"


def _names(location: Sequence[int | str]) -> list[int | str]:
    """Return where an error is in its part of the request."""
    return [part for part in location if part not in ("body", "query", "path", "header")]


def _methods_at(app: FastAPI, path: str) -> list[str]:
    """Return the documented methods of an address: a route knows only its own method."""
    found: set[str] = set()
    for template, operations in app.openapi()["paths"].items():
        if compile_path(template)[0].fullmatch(path):
            found |= {method.upper() for method in operations}
    return sorted(found)


_HTTP_ERRORS = {
    400: "The request is malformed; check its syntax and send it again.",
    404: "There is nothing at this address; /docs lists all addresses.",
    405: "This address does not support the method; the header Allow lists those it supports.",
}
