"""/v1/corrections: what the reader read wrong."""

import asyncio
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from numpy.typing import NDArray
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from tendigits.data import NON_DIGIT
from tendigits.feedback import (
    Correction,
    KeyTaken,
    NewCorrection,
)
from tendigits.feedback.table import LONGEST_KEY
from tendigits.server.answers import (
    CorrectionAnswer,
    CorrectionsPage,
    Digit,
    NonDigit,
    label_in_words,
)
from tendigits.server.batching import Batcher
from tendigits.server.bodies import (
    JSON,
    EncodedPicture,
    JsonPicture,
    OneOf,
    decode_frame,
    picture_content,
    read_json,
)
from tendigits.server.keys import Client, known_client
from tendigits.server.problems import Problem, problem_answers
from tendigits.server.reader_process import Picture, Rejected, as_data_url
from tendigits.server.service import CurrentService

router = APIRouter(prefix="/v1", tags=["corrections"], dependencies=[Depends(known_client)])

LARGEST_ID = 2**63 - 1


class CorrectionRequest(OneOf):
    """What was read wrong, and what it should have been."""

    alternatives = ("frame", "picture")

    key: str = Field(
        min_length=1,
        max_length=LONGEST_KEY,
        pattern=r"^[\x20-\x7e]+$",
        description="Your name for it, such as a UUID: sent again, it is stored once.",
    )
    frame: JsonPicture | SkipJsonSchema[None] = Field(
        None, description="The 28x28 frame as `frames=1` gives it (a PNG), or its grey levels."
    )
    picture: EncodedPicture | SkipJsonSchema[None] = Field(
        None, description="In place of the frame: a picture with a single shape in it."
    )
    read: Digit | NonDigit = Field(description="What was read.")
    correct: Digit | NonDigit = Field(description="What it should have been.")


_BODY = {
    "required": True,
    "content": {JSON: {"schema": {"$ref": "#/components/schemas/CorrectionRequest"}}},
}


# With it a client (and a test) can undo what it has just done.
_TO_DELETE = {"delete": {"operationId": "delete", "parameters": {"id": "$response.body#/id"}}}


@router.post(
    "/corrections",
    status_code=201,
    response_model=CorrectionAnswer,
    responses={
        201: {"links": _TO_DELETE},
        200: {"model": CorrectionAnswer, "description": "It was stored before."},
        **problem_answers(400, 401, 408, 409, 413, 415, 421, 422, 429, 503),
    },
    openapi_extra={"requestBody": _BODY},
)
async def add(request: Request, service: CurrentService, client: Client) -> JSONResponse:
    """Store a correction; it is on the disk when the answer is sent."""
    given = await read_json(CorrectionRequest, request, service.settings.body_limit)
    new = NewCorrection(
        key=given.key,
        frame=await _frame(given, service.batcher, client),
        read=_label(given.read),
        correct=_label(given.correct),
        model=service.batcher.model.name,
    )
    try:
        stored, is_new = await service.database.run(lambda store: store.add(new))
    except KeyTaken:
        raise Problem(409, "The key is that of another correction; give another key.") from None
    if is_new:
        service.metrics.corrections.inc()
    return JSONResponse(_answer(stored), 201 if is_new else 200)


@router.get(
    "/corrections",
    response_model=CorrectionsPage,
    responses=problem_answers(401, 421, 422, 503),
)
async def page(
    service: CurrentService,
    limit: Annotated[int, Query(ge=1, le=500, description="How many at most.")] = 50,
    before: Annotated[
        int | None,
        Query(ge=0, le=LARGEST_ID, description="Only those with a smaller number."),
    ] = None,
) -> JSONResponse:
    """List the corrections, the newest first."""
    found, total = await service.database.run(lambda store: store.page(before, limit + 1))
    shown = found[:limit]
    return JSONResponse(
        {
            "corrections": [_answer(each) for each in shown],
            "total": total,
            "next": shown[-1].id if len(found) > limit else None,
        }
    )


@router.delete(
    "/corrections/{id}",
    status_code=204,
    response_class=Response,
    responses=problem_answers(401, 404, 421, 422, 503),
)
async def delete(
    service: CurrentService,
    id_: Annotated[int, Path(alias="id", ge=0, le=LARGEST_ID, description="Its number.")],
) -> Response:
    """Delete a correction."""
    if not await service.database.run(lambda store: store.delete(id_)):
        raise Problem(404, f"There is no correction {id_}; it may have been deleted before.")
    return Response(status_code=204)


async def _frame(given: CorrectionRequest, batcher: Batcher, client: str) -> NDArray[np.uint8]:
    if given.frame is not None:
        return await asyncio.to_thread(decode_frame, given.frame)
    assert given.picture is not None
    (outcome,) = await batcher.read([Picture("-", picture_content(given.picture))], client)
    if isinstance(outcome, Rejected):
        raise Problem(outcome.status, outcome.sentence)
    if len(outcome.frames) != 1:
        raise Problem(
            422,
            f"The picture holds {len(outcome.frames)} shapes; send one, or the frame of one that "
            "/v1/read?frames=1 gives.",
        )
    frame: NDArray[np.uint8] = outcome.frames[0]
    return frame


def _label(answer: int | str) -> int:
    return NON_DIGIT if isinstance(answer, str) else answer


def _answer(stored: Correction) -> dict[str, Any]:
    return {
        "id": stored.id,
        "key": stored.key,
        "read": label_in_words(stored.read),
        "correct": label_in_words(stored.correct),
        "frame": as_data_url(stored.frame),
        "model": stored.model,
        "created": stored.created.isoformat(),
    }
