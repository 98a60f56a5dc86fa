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
from tendigits.reading.schemas import PictureResult
from tendigits.server.routes_reading import OcclusionResponse


@pytest.fixture(scope="module")
def seven(mnist: Dataset) -> bytes:
    return png(mnist.test.images[0])


@pytest.fixture(scope="module")
def page(mnist: Dataset) -> NDArray[np.uint8]:
    return on_paper(row(mnist.test.images[1:5]))


def test_the_response_is_the_json_of_the_command_line(
    server: Server, page: NDArray[np.uint8]
) -> None:
    content = png(page)
    result = server.read(content).json()
    printed = subprocess.run(
        command("read", "-", "--json"), input=content, capture_output=True, check=True
    )
    assert result == json.loads(printed.stdout)
    assert result["text"] == "2104"


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_every_image_format_is_read(server: Server, page: NDArray[np.uint8], form: str) -> None:
    file = io.BytesIO()
    Image.fromarray(page).save(file, form)
    headers = {"Content-Type": f"image/{form.lower()}"}
    response = server.post("/v1/read", data=file.getvalue(), headers=headers)
    assert (response.status_code, response.json()["text"]) == (200, "2104")


def test_a_json_picture_is_base64_a_data_url_or_grey_levels(
    server: Server, mnist: Dataset, seven: bytes
) -> None:
    encoded = base64_of(seven)
    for picture in (
        encoded,
        f"data:image/png;base64,{encoded}",
        mnist.test.images[0].tolist(),
    ):
        result = server.post("/v1/read", json={"picture": picture}).json()
        assert (result["file"], result["text"]) == ("-", "7")


def test_a_list_gives_a_list_in_which_a_damaged_picture_has_the_status_error(
    server: Server, seven: bytes
) -> None:
    pictures = [
        base64_of(seven),
        base64_of(b"not a picture"),
        base64_of(png(np.zeros((9, 9), "u1"))),
    ]
    results = server.post("/v1/read", json={"pictures": pictures}).json()
    assert [result["file"] for result in results] == ["1", "2", "3"]
    assert [result["status"] for result in results] == ["read", "error", "empty"]
    assert results[1]["error"] == (
        "Unknown image format; send a PNG, JPEG, WebP, BMP, GIF or TIFF file."
    )


def test_one_file_gives_an_object_and_several_a_list(server: Server, seven: bytes) -> None:
    one = server.post("/v1/read", files={"a": ("seven.png", seven)}).json()
    assert (one["file"], one["text"]) == ("seven.png", "7")
    two = server.post("/v1/read", files={"a": ("a.png", seven), "b": ("b.png", seven)}).json()
    assert [result["file"] for result in two] == ["a.png", "b.png"]


def test_frames_and_probabilities_are_returned_on_request(
    server: Server, page: NDArray[np.uint8]
) -> None:
    result = server.read(png(page), params={"frames": 1}).json()
    for digit in result["digits"]:
        kind, _, encoded = digit["frame"].partition(",")
        assert kind == "data:image/png;base64"
        with Image.open(io.BytesIO(base64.b64decode(encoded))) as frame:
            assert (frame.size, frame.mode) == ((28, 28), "L")
        assert np.argmax(digit["probabilities"]) == digit["digit"]
        assert digit["probabilities"][digit["digit"]] == digit["confidence"]
    plain = server.read(png(page)).json()
    assert all("frame" not in digit for digit in plain["digits"])


def test_responses_match_the_documented_schema(server: Server, seven: bytes) -> None:
    schema: TypeAdapter[Any] = TypeAdapter(PictureResult)
    for query in ("", "?frames=1"):
        response = server.post(f"/v1/read{query}", files={"a": ("a.png", seven)})
        schema.validate_json(response.content, extra="forbid")


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (400, "application/json", b"{"),
        (400, "image/png", b""),
        (400, "multipart/form-data; boundary=x", b"not multipart"),
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
def test_an_invalid_body_gets_a_problem_in_one_sentence(
    server: Server, status: int, kind: str, body: bytes
) -> None:
    response = server.post("/v1/read", data=body, headers={"Content-Type": kind})
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert set(problem) == {"type", "title", "status", "detail"}
    assert problem["status"] == status
    assert problem["detail"][0].isupper()
    assert problem["detail"].endswith(".")


def test_a_frame_gets_an_occlusion_map(server: Server, mnist: Dataset) -> None:
    seven = mnist.test.images[0]
    responses = [
        server.post("/v1/occlusion", json={"frame": frame}).json()
        for frame in (seven.tolist(), f"data:image/png;base64,{base64_of(png(seven))}")
    ]
    assert responses[0] == responses[1]
    found = OcclusionResponse.model_validate(responses[0])
    assert found.label == 7
    assert min(map(min, found.hidden)) < found.confidence


@pytest.mark.parametrize("frame", ["", "?", base64_of(b"not a picture"), [[0]], None])
def test_an_invalid_frame_is_rejected(server: Server, frame: object) -> None:
    response = server.post("/v1/occlusion", json={"frame": frame})
    assert response.status_code == 422
    assert response.json()["detail"].endswith(".")


def test_an_occlusion_map_needs_json(server: Server) -> None:
    assert server.post("/v1/occlusion", data=b"{}").status_code == 415
