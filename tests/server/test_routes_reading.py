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

import pdf_files
from conftest import command
from paper import on_paper, row
from server_process import Server, base64_of, png
from tendigits.data import Dataset
from tendigits.server.read_responses import ReadResponse
from tendigits.server.routes_reading import OcclusionResponse, prefers_csv


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
        "Unknown image format; send a PNG, JPEG, HEIC, AVIF, WebP, BMP, GIF, TIFF or PDF file."
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
    schema: TypeAdapter[Any] = TypeAdapter(ReadResponse)
    for query in ("", "?frames=1", "?table=1"):
        response = server.post(f"/v1/read{query}", files={"a": ("a.png", seven)})
        schema.validate_json(response.content, extra="forbid")


@pytest.mark.parametrize("form", ["PDF", "TIFF"])
def test_a_document_of_several_pages_gives_a_list_of_its_pages(
    server: Server, page: NDArray[np.uint8], form: str
) -> None:
    file = io.BytesIO()
    image = Image.fromarray(page)
    image.save(file, form, save_all=True, append_images=[image.rotate(180)])
    kind = "application/pdf" if form == "PDF" else "image/tiff"
    response = server.post("/v1/read", data=file.getvalue(), headers={"Content-Type": kind})
    assert [(each["file"], each["page"]) for each in response.json()] == [("-", 1), ("-", 2)]
    assert response.json()[0]["text"] == "2104"
    encoded = base64_of(file.getvalue())
    pictures = {"pictures": [encoded, base64_of(png(page))]}
    results = server.post("/v1/read", json=pictures).json()
    assert [(each["file"], each["page"]) for each in results] == [("1", 1), ("1", 2), ("2", 1)]


def test_a_document_of_one_page_gives_an_object(server: Server, page: NDArray[np.uint8]) -> None:
    content = pdf_files.scanned(Image.fromarray(page))
    headers = {"Content-Type": "application/pdf"}
    result = server.post("/v1/read", data=content, headers=headers).json()
    assert (result["page"], result["text"]) == (1, "2104")


def test_a_number_of_a_length_or_pattern_is_read_or_does_not_fit(
    server: Server, page: NDArray[np.uint8]
) -> None:
    for query, expected in (
        ({"length": "4"}, ("read", "2104")),
        ({"length": "3-6"}, ("read", "2104")),
        ({"pattern": "[0-9]{4}"}, ("read", "2104")),
        ({"pattern": "2[0-9]0[4-9]"}, ("read", "2104")),
        ({"length": "7"}, ("no fit", "")),
        ({"pattern": "[0-9]{2}/[0-9]{2}"}, ("no fit", "")),
    ):
        response = server.read(png(page), params=query)
        result = response.json()
        assert (response.status_code, result["status"], result["text"]) == (200, *expected)


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({"length": "x"}, "The length 'x' is invalid; use one such as 3, or 3-6."),
        ({"length": "6-3"}, "The length '6-3' is invalid; use 1 to 100 digits, the smaller "),
        ({"pattern": "[0-9"}, "The pattern '[0-9' "),
        ({"pattern": "(a+)+"}, "The pattern '(a+)+' has 'a'; numbers consist of "),
        ({"pattern": "[0-9]{9999}"}, "The pattern "),
        ({"pattern": "5", "length": "1"}, "Both a length and a pattern are given; give one of "),
        ({"pattern": "5", "table": "1"}, "A table holds all numbers; leave out length and "),
        ({"table": "x"}, "Invalid value for table: "),
    ],
)
def test_an_invalid_length_or_pattern_is_a_problem(
    server: Server, query: dict[str, str], detail: str
) -> None:
    response = server.read(png(np.zeros((9, 9), np.uint8)), params=query)
    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["detail"].startswith(detail)


@pytest.fixture(scope="module")
def sheet(mnist: Dataset) -> bytes:
    """A picture of a table with three rows of two numbers of two digits."""
    page = np.zeros((3 * 200, 2 * 400), np.float32)
    for number in range(6):
        ink = row(mnist.test.images[48 + 2 * number : 50 + 2 * number])
        top, left = 200 * (number // 2) + 10, 400 * (number % 2) + 30
        page[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return png(on_paper(page))


def test_a_table_has_the_numbers_of_a_page_in_rows_and_columns(
    server: Server, sheet: bytes, mnist: Dataset
) -> None:
    digits = "".join(map(str, mnist.test.labels[48:60]))
    numbers = [digits[at : at + 2] for at in range(0, 12, 2)]
    response = server.read(sheet, params={"table": 1})
    table = response.json()["table"]
    assert table == {"rows": [numbers[:2], numbers[2:4], numbers[4:]], "unreadable": []}
    headers = {"Accept": "text/csv", "Content-Type": "image/png"}
    response = server.post("/v1/read?table=1", data=sheet, headers=headers)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8; header=absent"
    assert response.text == "".join(f"{','.join(each)}\n" for each in table["rows"])


def test_csv_is_for_one_page_only(server: Server, sheet: bytes) -> None:
    files = {"a": ("a.png", sheet), "b": ("b.png", sheet)}
    headers = {"Accept": "text/csv"}
    response = server.post("/v1/read?table=1", files=files, headers=headers)
    assert response.status_code == 406
    assert response.json()["detail"] == (
        "text/csv has room for one table; send one page, or accept application/json."
    )
    without_table = server.post("/v1/read", files=files, headers=headers)
    assert without_table.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/csv", True),
        ("Text/CSV; q=0.5, */*;q=0.1", True),
        ("text/csv, application/json;q=0.9", True),
        ("text/csv, application/json", False),
        ("text/csv;q=0.2, application/json;q=0.9", False),
        ("text/csv;q=0", False),
        ("text/csv;q=nan", False),
        ("text/csv;q=x", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_csv_is_sent_to_who_prefers_it(accept: str, expected: bool) -> None:
    assert prefers_csv(accept) == expected


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (400, "application/json", b"{"),
        (400, "image/png", b""),
        (400, "multipart/form-data; boundary=x", b"not multipart"),
        (400, "multipart/form-data", b"no boundary"),
        (400, "multipart/form-data; boundary=x", b"--x--\r\n"),
        (415, "text/plain", b"7"),
        (422, "application/pdf", b"%PDF-1.7 cut off"),
        (415, "application/pdf", b"not a PDF"),
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
