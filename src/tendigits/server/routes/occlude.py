"""POST /v1/occlusion: on which strokes an answer hangs."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from tendigits.server.answers import OcclusionAnswer
from tendigits.server.bodies import JSON, JsonPicture, decode_frame, read_json
from tendigits.server.keys import Client
from tendigits.server.problems import Problem, problem_answers
from tendigits.server.reader_process import Picture, Rejected
from tendigits.server.service import CurrentService

router = APIRouter(prefix="/v1", tags=["reading"])


class OcclusionRequest(BaseModel):
    """The frame of a digit."""

    model_config = ConfigDict(extra="forbid", strict=True)

    frame: JsonPicture = Field(
        description="The 28x28 frame as `frames=1` gives it (a PNG), or its grey levels."
    )


_BODY = {
    "required": True,
    "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{OcclusionRequest.__name__}"}}},
}


@router.post(
    "/occlusion",
    response_model=OcclusionAnswer,
    responses=problem_answers(400, 401, 408, 413, 415, 421, 422, 429, 503),
    openapi_extra={"requestBody": _BODY},
)
async def occlusion(request: Request, service: CurrentService, client: Client) -> JSONResponse:
    """Tell how sure the network is of its answer with a patch of the frame hidden."""
    given = await read_json(OcclusionRequest, request, service.settings.body_limit)
    frame = await asyncio.to_thread(decode_frame, given.frame)
    (outcome,) = await service.batcher.read([Picture("-", frame, occlude=True)], client)
    if isinstance(outcome, Rejected):
        raise Problem(outcome.status, outcome.sentence)
    return JSONResponse(outcome.answer)
