"""What a server answers when it cannot do what it was asked: RFC 9457, one clear sentence."""

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


class ProblemAnswer(BaseModel):
    """A problem as RFC 9457 describes it."""

    type: str = Field("about:blank", description="Always `about:blank`: the status says it all.")
    title: str = Field(description="The status in words.", examples=["Unprocessable Content"])
    status: int = Field(description="The HTTP status.", examples=[422])
    detail: str = Field(description="What is wrong and what to do, in one sentence.")


class Problem(Exception):  # noqa: N818 - the standard's name
    """A request that cannot be answered.

    Attributes:
        status: the HTTP status.
        detail: one sentence for the client that says what to do.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def problem_response(problem: Problem) -> JSONResponse:
    """Return the response that tells a problem."""
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


def problem_answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI is to say of these statuses."""
    schema = {"$ref": f"#/components/schemas/{ProblemAnswer.__name__}"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {CONTENT_TYPE: {"schema": schema}},
        }
        for status in statuses
    }


def tell_problems(app: FastAPI) -> None:
    """Let `app` answer what goes wrong with problems."""

    async def tell(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Problem)
        return problem_response(error)

    async def tell_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        sentence = _HTTP.get(error.status_code, "The request cannot be answered.")
        response = problem_response(Problem(error.status_code, sentence))
        methods = _methods_at(app, request.url.path) if error.status_code == 405 else []
        response.headers.update({"Allow": ", ".join(methods)} if methods else error.headers or {})
        return response

    async def tell_invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return problem_response(invalid(error))

    app.add_exception_handler(Problem, tell)
    app.add_exception_handler(HTTPException, tell_http)
    app.add_exception_handler(RequestValidationError, tell_invalid)


def _methods_at(app: FastAPI, path: str) -> list[str]:
    """Return the methods that are described for an address; a route knows its own alone."""
    found: set[str] = set()
    for template, operations in app.openapi()["paths"].items():
        if compile_path(template)[0].fullmatch(path):
            found |= {method.upper() for method in operations}
    return sorted(found)


def invalid(error: RequestValidationError | ValidationError) -> Problem:
    """Return the problem of a request whose values are not of the form that is described."""
    # Of a value that may be of several forms, the form that it is nearest to tells most.
    worst = max(error.errors(), key=lambda each: len(each["loc"]))
    if worst["type"] == "json_invalid":
        return Problem(400, "The body is no JSON; send JSON, or another Content-Type.")
    names = [part for part in worst["loc"] if part not in ("body", "query", "path", "header")]
    what = f"The value of {names[0]}" if names else "The body"
    reason = worst["msg"].rstrip(".")
    return Problem(422, f"{what} will not do: {reason[0].lower()}{reason[1:]}.")


_HTTP = {
    400: "The request is malformed; send it anew.",
    404: "There is nothing at this address; /docs shows what there is.",
    405: "This address takes other methods; the header Allow names them.",
}
