"""POST /v1/read: the digits in pictures."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from tendigits.reading.answer import error_answer
from tendigits.server.answers import PictureAnswer
from tendigits.server.bodies import (
    JSON,
    MOST_PICTURES,
    MULTIPART,
    ReadRequest,
    read_pictures,
)
from tendigits.server.keys import Client
from tendigits.server.problems import Problem, problem_answers
from tendigits.server.prometheus import Metrics
from tendigits.server.reader_process import Picture, Read
from tendigits.server.readers import Outcome
from tendigits.server.service import CurrentService

router = APIRouter(prefix="/v1", tags=["reading"])

_BYTES = {"schema": {"type": "string", "format": "binary"}}
_FILES = {
    "schema": {
        "type": "object",
        "required": ["files"],
        "properties": {
            "files": {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST_PICTURES,
                "items": _BYTES["schema"],
                "description": "Image files; the field may have any name.",
            }
        },
    }
}
_BODY = {
    "required": True,
    "description": "An image file, several as multipart, or JSON.",
    "content": {
        **{f"image/{kind}": _BYTES for kind in ("png", "jpeg", "webp", "bmp", "gif", "tiff")},
        MULTIPART: _FILES,
        JSON: {"schema": {"$ref": f"#/components/schemas/{ReadRequest.__name__}"}},
    },
}


@router.post(
    "/read",
    response_model=PictureAnswer | list[PictureAnswer],
    responses=problem_answers(400, 401, 408, 413, 415, 421, 422, 429, 503),
    openapi_extra={"requestBody": _BODY},
)
async def read(
    request: Request,
    service: CurrentService,
    client: Client,
    frames: Annotated[
        bool,
        Query(description="Whether to send the frames and the ten probabilities, too."),
    ] = False,
) -> JSONResponse:
    """Read the digits in one picture, or in several.

    One picture gives an object, a list or several files a list of them. A picture of a list that
    cannot be read has the status `error`; one that was sent alone gives a problem.
    """
    sent = await read_pictures(request, service.settings.body_limit, frames=frames)
    outcomes = await service.batcher.read(sent.pictures, client)
    answers = [
        _answer(picture, outcome, service.metrics, alone=not sent.many)
        for picture, outcome in zip(sent.pictures, outcomes, strict=True)
    ]
    return JSONResponse(answers if sent.many else answers[0])


def _answer(picture: Picture, outcome: Outcome, metrics: Metrics, *, alone: bool) -> dict[str, Any]:
    if isinstance(outcome, Read):
        for character in outcome.text:
            metrics.shapes.labels(character).inc()
        return outcome.answer
    if alone or outcome.status == 503:
        raise Problem(outcome.status, outcome.sentence)
    return error_answer(picture.name, outcome.sentence)
