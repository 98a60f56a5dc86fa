"""/v1/corrections: store, list and delete corrections of shapes that were read incorrectly."""

import asyncio
from datetime import datetime
from typing import Annotated, Self

import numpy as np
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from numpy.typing import NDArray
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from tendigits.feedback.store import (
    MAX_KEY_LENGTH,
    Correction,
    KeyTaken,
    NewCorrection,
    StoreFull,
)
from tendigits.reading.schemas import (
    Digit,
    NonDigit,
    label_from_json,
    label_to_json,
    png_data_url,
)
from tendigits.server.batching import Batcher
from tendigits.server.problems import Problem, documented_problems
from tendigits.server.request_bodies import (
    JSON,
    EncodedPicture,
    JsonPicture,
    OneOf,
    decode_frame,
    picture_content,
    read_json,
)
from tendigits.server.service import Client, CurrentService, identify_client
from tendigits.server.tasks import Picture, ReadPicture, Rejected

router = APIRouter(prefix="/v1", tags=["corrections"], dependencies=[Depends(identify_client)])

MAX_ID = 2**63 - 1


class CorrectionRequest(OneOf):
    """A shape, the label that was read, and the correct one."""

    alternatives = ("frame", "picture")

    key: str = Field(
        min_length=1,
        max_length=MAX_KEY_LENGTH,
        pattern=r"^[\x20-\x7e]+$",
        description="An idempotency key of your choice, such as a UUID: a correction that is sent "
        "again with the same key is stored once.",
    )
    frame: JsonPicture | SkipJsonSchema[None] = Field(
        None, description="The 28x28 frame as `frames=1` gives it (a PNG), or its grey levels."
    )
    picture: EncodedPicture | SkipJsonSchema[None] = Field(
        None, description="Instead of the frame: a picture with a single shape."
    )
    read: Digit | NonDigit = Field(description="The label that was read.")
    correct: Digit | NonDigit = Field(description="The correct label.")


class CorrectionResponse(BaseModel):
    """A stored correction."""

    id: int = Field(description="A number; later corrections have larger ones.")
    key: str = Field(description="The key that the client chose.")
    read: Digit | NonDigit = Field(description="The label that was read.")
    correct: Digit | NonDigit = Field(description="The correct label.")
    frame: str = Field(description="The 28x28 frame, as a PNG data URL.")
    model: str = Field(
        description="The model in use when it was stored: its name and the start of its SHA-256."
    )
    created: datetime = Field(description="When it was stored, in UTC.")

    @classmethod
    def from_correction(cls, stored: Correction) -> Self:
        """Return the response for a stored correction."""
        return cls(
            id=stored.id,
            key=stored.key,
            read=label_to_json(stored.read),
            correct=label_to_json(stored.correct),
            frame=png_data_url(stored.frame),
            model=stored.model,
            created=stored.created,
        )


class CorrectionsPage(BaseModel):
    """Some of the corrections, the newest first."""

    corrections: list[CorrectionResponse] = Field(description="The corrections on this page.")
    total: int = Field(description="The number of all corrections.")
    next: int | None = Field(
        description="Send this as `before` to get the next page; null on the last page."
    )


_BODY = {
    "required": True,
    "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{CorrectionRequest.__name__}"}}},
}
# With this link a client (and schemathesis) can delete what it has just stored.
_DELETE_LINK = {"delete": {"operationId": "delete", "parameters": {"id": "$response.body#/id"}}}


@router.post(
    "/corrections",
    status_code=201,
    response_model=CorrectionResponse,
    responses={
        201: {"links": _DELETE_LINK},
        200: {"model": CorrectionResponse, "description": "It was stored by an earlier request."},
        **documented_problems(400, 401, 403, 408, 409, 413, 415, 421, 422, 429, 503, 507),
    },
    openapi_extra={"requestBody": _BODY},
)
async def add(request: Request, service: CurrentService, client: Client) -> JSONResponse:
    """Store a correction; it is on the disk when the response is sent."""
    given = await read_json(CorrectionRequest, request, service.settings.body_limit)
    service.daily_corrections.check(client)
    new = NewCorrection(
        key=given.key,
        frame=await _frame(given, service.batcher, client),
        read=label_from_json(given.read),
        correct=label_from_json(given.correct),
        model=service.batcher.model.name,
    )
    try:
        stored, is_new = await service.database.run(lambda store: store.add(new))
    except KeyTaken:
        raise Problem(409, "Another correction has this key; choose another key.") from None
    except StoreFull:
        raise Problem(
            507,
            "The server stores no more corrections; ask its operator to export and delete some.",
        ) from None
    if is_new:
        service.daily_corrections.count(client)
        service.metrics.corrections.inc()
    content = CorrectionResponse.from_correction(stored).model_dump(mode="json")
    return JSONResponse(content, 201 if is_new else 200)


@router.get(
    "/corrections",
    response_model=CorrectionsPage,
    responses=documented_problems(401, 421, 422, 503),
)
async def page(
    service: CurrentService,
    limit: Annotated[int, Query(ge=1, le=500, description="The largest number to return.")] = 50,
    before: Annotated[
        int | None,
        Query(ge=0, le=MAX_ID, description="Return only corrections with a smaller id."),
    ] = None,
) -> JSONResponse:
    """List corrections, the newest first."""
    found, total = await service.database.run(lambda store: store.page(before, limit + 1))
    shown = found[:limit]
    content = CorrectionsPage(
        corrections=[CorrectionResponse.from_correction(each) for each in shown],
        total=total,
        next=shown[-1].id if len(found) > limit else None,
    )
    return JSONResponse(content.model_dump(mode="json"))


@router.delete(
    "/corrections/{id}",
    status_code=204,
    response_class=Response,
    responses=documented_problems(401, 403, 404, 421, 422, 503),
)
async def delete(
    service: CurrentService,
    id_: Annotated[int, Path(alias="id", ge=0, le=MAX_ID, description="The correction's id.")],
) -> Response:
    """Delete a correction."""
    if not await service.database.run(lambda store: store.delete(id_)):
        raise Problem(404, f"There is no correction {id_}; it may have been deleted before.")
    return Response(status_code=204)


async def _frame(given: CorrectionRequest, batcher: Batcher, client: str) -> NDArray[np.uint8]:
    if given.frame is not None:
        return await asyncio.to_thread(decode_frame, given.frame)
    assert given.picture is not None
    (outcome,) = await batcher.run([Picture("-", picture_content(given.picture))], client)
    if isinstance(outcome, Rejected):
        raise Problem(outcome.status, outcome.sentence)
    assert isinstance(outcome, ReadPicture)
    if len(outcome.frames) != 1:
        raise Problem(
            422,
            f"The picture contains {len(outcome.frames)} shapes; send a picture with one shape, or "
            "a frame from /v1/read?frames=1.",
        )
    frame: NDArray[np.uint8] = outcome.frames[0]
    return frame
