import numpy as np
import pytest

from server_process import base64_of
from tendigits.server.bodies import ReadRequest, parse_json, picture_content
from tendigits.server.problems import Problem


def test_base64_may_be_a_data_url() -> None:
    for text in (base64_of(b"picture"), f"data:image/png;base64,{base64_of(b'picture')}"):
        assert picture_content(text) == b"picture"


def test_grey_levels_become_an_array() -> None:
    levels = picture_content([[0] * 28] * 28)
    assert isinstance(levels, np.ndarray)
    assert (levels.shape, levels.dtype.name) == ((28, 28), "uint8")


@pytest.mark.parametrize("text", ["?", "aGk", "base64,", "data:image/png;base64,"])
def test_what_is_no_base64_is_a_problem(text: str) -> None:
    with pytest.raises(Problem) as told:
        picture_content(text)
    assert told.value.status == 422


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"", 400, "The body is no JSON"),
        (b"[]", 422, "The body will not do"),
        (b'{"picture": "a", "pictures": ["a"]}', 422, "give either picture or pictures"),
        (b'{"picture": null}', 422, "give either picture or pictures"),
        (b'{"picture": [[256]]}', 422, "less than or equal to 255"),
        (b'{"picture": 7}', 422, "The value of picture"),
    ],
)
def test_json_of_another_form_is_a_problem(body: bytes, status: int, detail: str) -> None:
    with pytest.raises(Problem) as told:
        parse_json(ReadRequest, body)
    assert told.value.status == status
    assert detail in told.value.detail


def test_numbers_are_json_s_own() -> None:
    level = parse_json(ReadRequest, b'{"picture": [' + b",".join([_row()] * 28) + b"]}").picture
    assert level == [[3] * 28] * 28


def _row() -> bytes:
    return b"[" + b",".join([b"3.0"] * 28) + b"]"
