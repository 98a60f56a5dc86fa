"""POST /v1/read and POST /v1/occlusion: what the network predicts for pictures, and why."""

import asyncio
from typing import Annotated, Self

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from tendigits.reading.occlusion import PATCH, STEP, Occlusion
from tendigits.reading.schemas import (
    DECIMALS,
    Digit,
    NonDigit,
    PictureResult,
    Probability,
    label_to_json,
)
from tendigits.server.monitoring import Metrics
from tendigits.server.problems import Problem, documented_problems
from tendigits.server.request_bodies import (
    JSON,
    MAX_PICTURES,
    MULTIPART,
    JsonPicture,
    ReadRequest,
    decode_frame,
    read_json,
    read_pictures,
)
from tendigits.server.service import Client, CurrentService
from tendigits.server.workers import FrameToOcclude, Outcome, Picture, ReadPicture, Rejected

router = APIRouter(prefix="/v1", tags=["reading"])


class OcclusionRequest(BaseModel):
    """The frame of a shape."""

    model_config = ConfigDict(extra="forbid", strict=True)

    frame: JsonPicture = Field(
        description="The 28x28 frame as `frames=1` gives it (a PNG), or its grey levels."
    )


class OcclusionResponse(BaseModel):
    """The occlusion map of a frame."""

    label: Digit | NonDigit = Field(description="The most probable label.")
    confidence: Probability = Field(description="Its calibrated probability.")
    patch: int = Field(description="The width and height of the hidden patch, in pixels.")
    step: int = Field(description="The distance between neighbouring patches, in pixels.")
    hidden: list[list[Probability]] = Field(
        description="The probability of `label` with each patch hidden, row by row; each patch is "
        "centred on a square of `step` times `step` pixels."
    )

    @classmethod
    def from_occlusion(cls, occlusion: Occlusion) -> Self:
        """Return the response for an occlusion map."""
        return cls(
            label=label_to_json(occlusion.label),
            confidence=round(occlusion.confidence, DECIMALS),
            patch=PATCH,
            step=STEP,
            hidden=[[round(float(each), DECIMALS) for each in row] for row in occlusion.hidden],
        )


_FILE = {"type": "string", "format": "binary"}
_FILES = {
    "type": "object",
    "required": ["files"],
    "properties": {
        "files": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_PICTURES,
            "items": _FILE,
            "description": "Image files; the field can have any name.",
        }
    },
}
_READ_BODY = {
    "required": True,
    "description": "An image file, one or more as multipart form data, or JSON.",
    "content": {
        **{
            f"image/{kind}": {"schema": _FILE}
            for kind in ("png", "jpeg", "webp", "bmp", "gif", "tiff")
        },
        MULTIPART: {"schema": _FILES},
        JSON: {"schema": {"$ref": f"#/components/schemas/{ReadRequest.__name__}"}},
    },
}
_OCCLUSION_BODY = {
    "required": True,
    "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{OcclusionRequest.__name__}"}}},
}


@router.post(
    "/read",
    response_model=PictureResult | list[PictureResult],
    responses=documented_problems(400, 401, 408, 413, 415, 421, 422, 429, 503),
    openapi_extra={"requestBody": _READ_BODY},
)
async def read(
    request: Request,
    service: CurrentService,
    client: Client,
    frames: Annotated[
        bool,
        Query(description="Whether to add the frame and the ten probabilities of each shape."),
    ] = False,
) -> JSONResponse:
    """Read the digits in one or more pictures.

    The response is an object for one picture, and a list for a JSON list or several files. If a
    picture cannot be read, its object in the list has the status `error`; a single picture gets an
    error response.
    """
    sent = await read_pictures(request, service.settings.body_limit, frames=frames)
    outcomes = await service.batcher.run(sent.pictures, client)
    results = [
        _result(picture, outcome, as_list=sent.as_list)
        for picture, outcome in zip(sent.pictures, outcomes, strict=True)
    ]
    _count_shapes(results, service.metrics)
    content = [result.to_dict() for result in results]
    return JSONResponse(content if sent.as_list else content[0])


@router.post(
    "/occlusion",
    response_model=OcclusionResponse,
    responses=documented_problems(400, 401, 408, 413, 415, 421, 422, 429, 503),
    openapi_extra={"requestBody": _OCCLUSION_BODY},
)
async def occlusion(request: Request, service: CurrentService, client: Client) -> JSONResponse:
    """Compute the occlusion map of a frame: the confidence with each patch of it hidden."""
    given = await read_json(OcclusionRequest, request, service.settings.body_limit)
    frame = await asyncio.to_thread(decode_frame, given.frame)
    (outcome,) = await service.batcher.run([FrameToOcclude(frame)], client)
    if isinstance(outcome, Rejected):
        raise Problem(outcome.status, outcome.sentence)
    assert isinstance(outcome, Occlusion)
    return JSONResponse(OcclusionResponse.from_occlusion(outcome).model_dump())


def _result(picture: Picture, outcome: Outcome, *, as_list: bool) -> PictureResult:
    if isinstance(outcome, ReadPicture):
        return outcome.result
    assert isinstance(outcome, Rejected)
    if not as_list or outcome.status == 503:
        raise Problem(outcome.status, outcome.sentence)
    return PictureResult.from_error(picture.name, outcome.sentence)


def _count_shapes(results: list[PictureResult], metrics: Metrics) -> None:
    for result in results:
        for character in result.text:
            metrics.shapes.labels(character).inc()
