"""Request bodies: from an image, multipart form data or JSON to pictures and typed values."""

import asyncio
import base64
import binascii
import io
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Self, TypeVar

import numpy as np
from fastapi import Request
from numpy.typing import NDArray
from PIL import Image
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue, SkipJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from tendigits.data import IMAGE_SIZE
from tendigits.reading.schemas import AS_JSON_COUNTS
from tendigits.server.problems import Problem, validation_problem
from tendigits.server.tasks import Picture, ReadOptions

MAX_PICTURES = 64  # in one request
BODY_TIMEOUT = 60  # seconds
# The most of each in a JSON body. No other thread runs while pydantic validates it, and 20 MiB of
# empty lists take 17 seconds and 2.5 GiB. 64 pictures of 28x28 grey levels have 50,175 commas and
# 1,857 brackets, and 64 data URLs have 65 colons.
MAX_SYMBOLS = {b",": 51_000, b"[": 2000, b":": 1000}
JSON, MULTIPART = "application/json", "multipart/form-data"
PDF, ANY_BYTES = "application/pdf", "application/octet-stream"
FORM = "application/x-www-form-urlencoded"  # what `curl --data-binary` names a file

Model = TypeVar("Model", bound=BaseModel)
Level = Annotated[int, Field(ge=0, le=255), AS_JSON_COUNTS]
Row = Annotated[list[Level], Field(min_length=IMAGE_SIZE, max_length=IMAGE_SIZE, fail_fast=True)]
Levels = Annotated[list[Row], Field(min_length=IMAGE_SIZE, max_length=IMAGE_SIZE, fail_fast=True)]
EncodedPicture = Annotated[
    str,
    Field(
        min_length=1,
        description="An image or PDF file in base64, plain or as a data URL.",
        json_schema_extra={"format": "base64-image"},
    ),
]
GreyLevels = Annotated[
    Levels, Field(description="28 rows of 28 grey levels from 0 to 255.", title="Grey levels")
]
JsonPicture = EncodedPicture | GreyLevels
JsonPictures = Annotated[
    list[JsonPicture], Field(min_length=1, max_length=MAX_PICTURES, fail_fast=True)
]


class OneOf(BaseModel):
    """A JSON object with exactly one of two alternative fields, and no undocumented ones."""

    model_config = ConfigDict(extra="forbid", strict=True)
    alternatives: ClassVar[tuple[str, str]]

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        given = [name for name in self.alternatives if name in self.model_fields_set]
        if len(given) != 1 or getattr(self, given[0]) is None:
            raise PydanticCustomError("one", f"give either {' or '.join(self.alternatives)}")
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core_schema))
        schema["oneOf"] = [{"required": [name]} for name in cls.alternatives]
        return schema


class ReadRequest(OneOf):
    """Pictures in JSON: either one picture or a list."""

    alternatives = ("picture", "pictures")

    picture: JsonPicture | SkipJsonSchema[None] = Field(
        None, description="One picture; the response is an object if it has one page."
    )
    pictures: JsonPictures | SkipJsonSchema[None] = Field(
        None, description="Several pictures; the response is a list."
    )


async def read_body(request: Request, limit: int) -> bytes:
    """Return a request's body.

    Raises:
        Problem: the body, or its Content-Length, exceeds `limit` bytes (413), or the body is not
            received in time (408).
    """
    too_large = Problem(413, f"The body is too large; send at most {limit:,} bytes.")
    if int(request.headers.get("content-length", "0")) > limit:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise too_large
    except TimeoutError:
        raise Problem(408, "The body was not received in time; send it again.") from None
    return bytes(body)


@dataclass(frozen=True, eq=False)
class Pictures:
    """The pictures in a request.

    Attributes:
        pictures: at least one.
        as_list: whether the response is a list.
    """

    pictures: list[Picture]
    as_list: bool


async def read_pictures(request: Request, limit: int, options: ReadOptions) -> Pictures:
    """Return the pictures in a request's body.

    Args:
        request: its body is an image, a PDF, multipart form data or JSON. Without a Content-Type,
            or with the one that curl sends, the bytes decide.
        limit: the largest body, in bytes.
        options: what the client wants to know of each picture.

    Raises:
        Problem: the body is too large, has another type, or cannot be parsed.
    """
    kind = media_type(request)
    if kind == MULTIPART:
        pictures = await _from_multipart(request, await read_body(request, limit), options)
        return Pictures(pictures, as_list=len(pictures) > 1)
    is_unnamed = kind in (ANY_BYTES, FORM)
    if not (kind.startswith("image/") or kind in (JSON, PDF) or is_unnamed):
        raise Problem(415, f"Send an image, {PDF}, {MULTIPART} or {JSON} as the Content-Type.")
    body = await read_body(request, limit)
    if kind == JSON or (is_unnamed and body.lstrip()[:1] == b"{"):
        return await asyncio.to_thread(_from_json, body, options)
    if not body:
        raise Problem(400, "The body is empty; send a picture.")
    return Pictures([Picture("-", body, options)], as_list=False)


async def read_json(model: type[Model], request: Request, limit: int) -> Model:
    """Return a request's JSON body as a `model`.

    Raises:
        Problem: the body has another type (415), is too large (413), is not JSON (400), or has an
            invalid value (422).
    """
    if media_type(request) != JSON:
        raise Problem(415, f"Send {JSON} as the Content-Type.")
    body = await read_body(request, limit)
    return await asyncio.to_thread(parse_json, model, body)


def parse_json(model: type[Model], body: bytes) -> Model:
    """Return a JSON body as a `model`.

    Raises:
        Problem: it is not JSON (400), or has an invalid value or too many (422).
    """
    if any(body.count(symbol) > most for symbol, most in MAX_SYMBOLS.items()):
        raise Problem(
            422,
            f"The body has too many values; send at most {MAX_PICTURES} pictures, and only the "
            "fields that /docs lists.",
        )
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise validation_problem(error) from None


def media_type(request: Request) -> str:
    """Return a request's Content-Type without its parameters."""
    return request.headers.get("content-type", ANY_BYTES).partition(";")[0].strip().lower()


def picture_content(picture: str | list[list[int]]) -> bytes | NDArray[np.uint8]:
    """Return a picture of a JSON body as the bytes of a file, or as grey levels (28, 28) uint8.

    Raises:
        Problem: it is not base64, or empty.
    """
    if not isinstance(picture, str):
        return np.array(picture, np.uint8)
    try:
        content = base64.b64decode(picture.rpartition("base64,")[2], validate=True)
    except (binascii.Error, ValueError):
        raise Problem(422, "The picture is not base64; encode the image file's bytes.") from None
    if not content:
        raise Problem(422, "The picture is empty; encode the image file's bytes.")
    return content


def decode_frame(picture: str | list[list[int]]) -> NDArray[np.uint8]:
    """Return a frame (28, 28) uint8 of a JSON body.

    Raises:
        Problem: it is not a PNG of that size.
    """
    content = picture_content(picture)
    if isinstance(content, np.ndarray):
        return content
    invalid = Problem(422, "The frame is not a PNG of 28x28 pixels; send one as frames=1 gives it.")
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            if image.size == (IMAGE_SIZE, IMAGE_SIZE):
                return np.array(image.convert("L"), np.uint8)
    except Exception:  # a damaged file can raise nearly anything
        raise invalid from None
    raise invalid


def _from_json(body: bytes, options: ReadOptions) -> Pictures:
    given = parse_json(ReadRequest, body)
    if given.picture is not None:
        return Pictures([Picture("-", picture_content(given.picture), options)], as_list=False)
    pictures = [
        Picture(str(number), picture_content(each), options)
        for number, each in enumerate(given.pictures or [], start=1)
    ]
    return Pictures(pictures, as_list=True)


class _InMemoryParser(MultiPartParser):
    spool_max_size = 2**40  # nothing is written to the disk; the body's limit bounds the memory


async def _from_multipart(request: Request, body: bytes, options: ReadOptions) -> list[Picture]:
    async def once() -> AsyncGenerator[bytes, None]:
        yield body

    parser = _InMemoryParser(request.headers, once(), max_files=MAX_PICTURES)
    try:
        form = await parser.parse()
        files = [each for _, each in form.multi_items() if isinstance(each, UploadFile)]
        pictures = [
            Picture((file.filename or "-")[:255], await file.read(), options) for file in files
        ]
        await form.close()
    except (MultiPartException, KeyError, ValueError):
        raise Problem(
            400, f"The multipart body is malformed; send 1 to {MAX_PICTURES} files."
        ) from None
    if not pictures:
        raise Problem(400, f"The multipart body contains no file; send 1 to {MAX_PICTURES}.")
    return pictures
