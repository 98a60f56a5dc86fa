import base64
import io
import json
import subprocess
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydantic import TypeAdapter

from conftest import command
from paper import on_paper, row
from server_process import Server, base64_of, png
from tendigits.data import Dataset
from tendigits.server.answers import PictureAnswer


@pytest.fixture(scope="module")
def seven(mnist: Dataset) -> bytes:
    return png(mnist.test.images[0])


@pytest.fixture(scope="module")
def page(mnist: Dataset) -> NDArray[np.uint8]:
    return on_paper(row(mnist.test.images[1:5]))


def test_the_answer_is_that_of_the_command_line(server: Server, page: NDArray[np.uint8]) -> None:
    content = png(page)
    answer = server.read(content).json()
    printed = subprocess.run(
        command("read", "-", "--json"), input=content, capture_output=True, check=True
    )
    assert answer == json.loads(printed.stdout)
    assert answer["text"] == "2104"


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_any_image_type_is_read(server: Server, page: NDArray[np.uint8], form: str) -> None:
    file = io.BytesIO()
    Image.fromarray(page).save(file, form)
    headers = {"Content-Type": f"image/{form.lower()}"}
    answer = server.post("/v1/read", data=file.getvalue(), headers=headers)
    assert (answer.status_code, answer.json()["text"]) == (200, "2104")


def test_json_holds_base64_a_data_url_or_grey_levels(
    server: Server, mnist: Dataset, seven: bytes
) -> None:
    encoded = base64_of(seven)
    for picture in (
        encoded,
        f"data:image/png;base64,{encoded}",
        mnist.test.images[0].tolist(),
    ):
        answer = server.post("/v1/read", json={"picture": picture}).json()
        assert (answer["file"], answer["text"]) == ("-", "7")


def test_a_list_gives_a_list_and_what_is_broken_has_the_status_error(
    server: Server, seven: bytes
) -> None:
    pictures = [base64_of(seven), base64_of(b"no picture"), base64_of(png(np.zeros((9, 9), "u1")))]
    answers = server.post("/v1/read", json={"pictures": pictures}).json()
    assert [answer["file"] for answer in answers] == ["1", "2", "3"]
    assert [answer["status"] for answer in answers] == ["read", "error", "empty"]
    assert answers[1]["error"] == (
        "This is no picture that can be read; give a PNG, JPEG, WebP, BMP, GIF or TIFF."
    )


def test_one_file_gives_an_object_and_several_a_list(server: Server, seven: bytes) -> None:
    one = server.post("/v1/read", files={"a": ("seven.png", seven)}).json()
    assert (one["file"], one["text"]) == ("seven.png", "7")
    two = server.post("/v1/read", files={"a": ("a.png", seven), "b": ("b.png", seven)}).json()
    assert [answer["file"] for answer in two] == ["a.png", "b.png"]


def test_frames_and_probabilities_are_sent_where_they_are_asked_for(
    server: Server, page: NDArray[np.uint8]
) -> None:
    answer = server.read(png(page), params={"frames": 1}).json()
    for digit in answer["digits"]:
        kind, _, encoded = digit["frame"].partition(",")
        assert kind == "data:image/png;base64"
        with Image.open(io.BytesIO(base64.b64decode(encoded))) as frame:
            assert (frame.size, frame.mode) == ((28, 28), "L")
        assert np.argmax(digit["probabilities"]) == digit["digit"]
        assert digit["probabilities"][digit["digit"]] == digit["confidence"]
    plain = server.read(png(page)).json()
    assert all("frame" not in digit for digit in plain["digits"])


def test_answers_are_of_the_form_that_is_documented(server: Server, seven: bytes) -> None:
    form: TypeAdapter[Any] = TypeAdapter(PictureAnswer)
    for query in ("", "?frames=1"):
        answer = server.post(f"/v1/read{query}", files={"a": ("a.png", seven)})
        form.validate_json(answer.content, extra="forbid")


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (400, "application/json", b"{"),
        (400, "image/png", b""),
        (400, "multipart/form-data; boundary=x", b"no multipart"),
        (400, "multipart/form-data", b"no boundary"),
        (400, "multipart/form-data; boundary=x", b"--x--\r\n"),
        (415, "text/plain", b"7"),
        (415, "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        (422, "application/json", b"{}"),
        (422, "application/json", b'{"picture": "?"}'),
        (422, "application/json", b'{"picture": ""}'),
        (422, "application/json", b'{"picture": [[0]]}'),
        (422, "application/json", b'{"pictures": []}'),
        (422, "application/json", b'{"picture": "aGk=", "other": 1}'),
        (422, "image/png", png(np.zeros((99, 99), np.uint8))[:50]),
    ],
)
def test_what_will_not_do_is_a_problem_in_one_sentence(
    server: Server, status: int, kind: str, body: bytes
) -> None:
    answer = server.post("/v1/read", data=body, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail"}
    assert problem["status"] == status
    assert problem["detail"][0].isupper()
    assert problem["detail"].endswith(".")
