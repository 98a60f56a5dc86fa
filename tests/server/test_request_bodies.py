import json

import numpy as np
import pytest
from pydantic import ValidationError

from server_process import base64_of
from tendigits.server.problems import Problem
from tendigits.server.request_bodies import ReadRequest, decode_frame, parse_json, picture_content


def test_base64_can_be_a_data_url() -> None:
    for text in (base64_of(b"picture"), f"data:image/png;base64,{base64_of(b'picture')}"):
        assert picture_content(text) == b"picture"


def test_grey_levels_become_an_array() -> None:
    levels = picture_content([[0] * 28] * 28)
    assert isinstance(levels, np.ndarray)
    assert (levels.shape, levels.dtype.name) == ((28, 28), "uint8")


@pytest.mark.parametrize("text", ["?", "aGk", "base64,", "data:image/png;base64,"])
def test_invalid_base64_is_a_problem(text: str) -> None:
    with pytest.raises(Problem) as raised:
        picture_content(text)
    assert raised.value.status == 422


@pytest.mark.parametrize("content", [b"not a picture", b"\x89PNG\r\n\x1a\n cut"])
def test_a_frame_that_is_not_a_png_of_28x28_pixels_is_a_problem(content: bytes) -> None:
    with pytest.raises(Problem, match="not a PNG of 28x28 pixels"):
        decode_frame(base64_of(content))


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"", 400, "The body is not valid JSON"),
        (b"[]", 422, "Invalid body: "),
        (b'{"picture": "a", "pictures": ["a"]}', 422, "give either picture or pictures"),
        (b'{"picture": null}', 422, "give either picture or pictures"),
        (b'{"picture": [[256]]}', 422, "less than or equal to 255"),
        (b'{"picture": 7}', 422, "Invalid value for picture: "),
    ],
)
def test_an_invalid_body_is_a_problem(body: bytes, status: int, detail: str) -> None:
    with pytest.raises(Problem) as raised:
        parse_json(ReadRequest, body)
    assert raised.value.status == status
    assert detail in raised.value.detail


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({f"name {number}": 1 for number in range(2000)}).encode(),
        b'{"pictures": [' + b"0," * 60_000 + b"0]}",
        b'{"pictures": [' + b"[]," * 3000 + b"[]]}",
    ],
    ids=["names", "numbers", "lists"],
)
def test_a_body_with_too_many_values_is_not_validated(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ReadRequest, "model_validate_json", pytest.fail)
    with pytest.raises(Problem, match="too many values; send at most 64 pictures") as raised:
        parse_json(ReadRequest, body)
    assert raised.value.status == 422


def test_the_largest_valid_bodies_are_accepted() -> None:
    for picture in ([[255] * 28] * 28, f"data:image/png;base64,{base64_of(bytes(1000))}"):
        given = parse_json(ReadRequest, json.dumps({"pictures": [picture] * 64}).encode())
        assert given.pictures == [picture] * 64


def test_validation_stops_at_the_first_invalid_value() -> None:
    body = json.dumps({"pictures": [[[-1] * 28] * 28] * 64})
    with pytest.raises(ValidationError) as raised:
        ReadRequest.model_validate_json(body)
    assert raised.value.error_count() < 5


def test_a_whole_number_with_a_decimal_point_is_an_integer() -> None:
    row = b"[" + b",".join([b"3.0"] * 28) + b"]"
    body = b'{"picture": [' + b",".join([row] * 28) + b"]}"
    assert parse_json(ReadRequest, body).picture == [[3] * 28] * 28
