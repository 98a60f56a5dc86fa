"""POST /v1/read and POST /v1/occlusion: what the network predicts for pictures, and why."""

import asyncio
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from tendigits.errors import PatternError
from tendigits.reading.fitting import wanted_pattern
from tendigits.reading.occlusion import PATCH, STEP, Occlusion
from tendigits.reading.schemas import (
    DECIMALS,
    Digit,
    NonDigit,
    Probability,
    label_to_json,
)
from tendigits.server.monitoring import Metrics
from tendigits.server.problems import Problem, documented_problems
from tendigits.server.read_responses import ReadResponse, TableResponse
from tendigits.server.request_bodies import (
    JSON,
    MAX_PICTURES,
    MULTIPART,
    PDF,
    JsonPicture,
    ReadRequest,
    decode_frame,
    read_json,
    read_pictures,
)
from tendigits.server.service import Client, CurrentService
from tendigits.server.task_runner import MAX_PAGES
from tendigits.server.tasks import (
    FrameToOcclude,
    Outcome,
    Picture,
    ReadOptions,
    ReadPicture,
    Rejected,
)

router = APIRouter(prefix="/v1", tags=["reading"])

CSV = "text/csv"


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
            "description": "Image or PDF files; the field can have any name.",
        }
    },
}
_READ_BODY = {
    "required": True,
    "description": "An image or PDF file, one or more as multipart form data, or JSON. A PDF or "
    f"TIFF has at most {MAX_PAGES} pages. PDF and HEIC files need the extra `documents` on the "
    "server.",
    "content": {
        **{
            f"image/{kind}": {"schema": _FILE}
            for kind in ("png", "jpeg", "webp", "bmp", "gif", "tiff", "heic")
        },
        PDF: {"schema": _FILE},
        MULTIPART: {"schema": _FILES},
        JSON: {"schema": {"$ref": f"#/components/schemas/{ReadRequest.__name__}"}},
    },
}
_OCCLUSION_BODY = {
    "required": True,
    "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{OcclusionRequest.__name__}"}}},
}


def _read_options(
    frames: Annotated[
        bool,
        Query(description="Whether to add the frame and the ten probabilities of each digit."),
    ] = False,
    length: Annotated[
        str | None,
        Query(
            description="Read only the most probable number of this many digits, such as `3`, or "
            "`3-6`. If there is none, the status is `no fit`.",
            json_schema_extra={"format": "number-length"},
        ),
    ] = None,
    pattern: Annotated[
        str | None,
        Query(
            description="Read only the most probable number that fits this pattern, such as "
            "`[0-9]{2}/[0-9]{2}`; instead of a length.",
            json_schema_extra={"format": "number-pattern"},
        ),
    ] = None,
    table: Annotated[
        bool,
        Query(
            description="Whether to add the numbers of each page in rows and columns; for one page "
            f"the response is that table if the client accepts {CSV}."
        ),
    ] = False,
) -> ReadOptions:
    try:
        wanted = wanted_pattern(length, pattern)
    except PatternError as error:
        raise Problem(422, str(error)) from None
    if table and wanted is not None:
        raise Problem(422, "A table holds all numbers; leave out length and pattern.")
    return ReadOptions(frames, wanted, table)


@router.post(
    "/read",
    response_model=ReadResponse | list[ReadResponse],
    responses={
        200: {"content": {CSV: {"schema": {"type": "string"}}}},
        **documented_problems(400, 401, 403, 406, 408, 413, 415, 421, 422, 429, 503),
    },
    openapi_extra={"requestBody": _READ_BODY},
)
async def read(
    request: Request,
    service: CurrentService,
    client: Client,
    options: Annotated[ReadOptions, Depends(_read_options)],
) -> Response:
    """Read the numbers in one or more pictures.

    The response is an object for one picture, and a list for a JSON list, several files, or a PDF
    or TIFF of several pages, which has an object for each page. If a picture cannot be read, its
    object in the list has the status `error`; a single picture gets an error response.
    """
    sent = await read_pictures(request, service.settings.body_limit, options)
    outcomes = await service.batcher.run(sent.pictures, client)
    results = [
        result
        for picture, outcome in zip(sent.pictures, outcomes, strict=True)
        for result in _results(picture, outcome, as_list=sent.as_list)
    ]
    _count_digits(results, service.metrics)
    if options.table and prefers_csv(request.headers.get("accept", "")):
        return _csv_response([result.table for result in results])
    content = [result.to_dict() for result in results]
    return JSONResponse(content if sent.as_list or len(content) > 1 else content[0])


@router.post(
    "/occlusion",
    response_model=OcclusionResponse,
    responses=documented_problems(400, 401, 403, 408, 413, 415, 421, 422, 429, 503),
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


def prefers_csv(accept: str) -> bool:
    """Return whether a header Accept names text/csv, and does not prefer JSON."""
    qualities = {CSV: 0.0, JSON: 0.0}
    for part in accept.split(","):
        kind, _, parameters = part.partition(";")
        _, _, quality = parameters.replace(" ", "").partition("q=")
        if kind.strip().lower() in qualities:
            qualities[kind.strip().lower()] = _as_float(quality or "1")
    return qualities[CSV] > qualities[JSON]


def _as_float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _results(picture: Picture, outcome: Outcome, *, as_list: bool) -> tuple[ReadResponse, ...]:
    if isinstance(outcome, ReadPicture):
        return outcome.results
    assert isinstance(outcome, Rejected)
    if not as_list or outcome.status == 503:
        raise Problem(outcome.status, outcome.sentence)
    return (ReadResponse.from_error(picture.name, outcome.sentence),)


def _csv_response(tables: list[TableResponse | None]) -> Response:
    (table, *others) = tables
    if table is None or others:
        raise Problem(406, f"{CSV} has room for one table; send one page, or accept {JSON}.")
    return Response(table.as_csv(), media_type=f"{CSV}; charset=utf-8; header=absent")


def _count_digits(results: list[ReadResponse], metrics: Metrics) -> None:
    for digit in (digit for result in results for digit in result.digits):
        metrics.shapes.labels(str(digit.digit) if digit.accepted else "?").inc()
