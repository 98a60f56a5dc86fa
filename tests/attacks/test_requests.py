"""Hostile requests: rejected in bounded memory, with a problem that reveals no internals."""

import gzip
import http.client
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import requests
from test_pictures import HOSTILE

from server_process import Server, base64_of, png, serving, wait_until

BODY_LIMIT = 2_000_000
PIXEL_LIMIT = 1_000_000
# Internals: paths, tracebacks, libraries.
INTERNALS = re.compile(
    r"Traceback|File \"|/(?:usr|home|root|tmp|src|site-packages)|\b(?:pydantic|starlette|fastapi|"
    r"sqlalchemy|sqlite|psycopg|PIL|pillow|onnx|numpy|uvicorn)\b",
    re.IGNORECASE,
)
DEEP = b"[" * 100_000


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limits = ["--body-limit", str(BODY_LIMIT), "--pixel-limit", str(PIXEL_LIMIT)]
    with serving(tmp_path_factory.mktemp("limited"), *limits) as running:
        yield running


def assert_rejected(response: requests.Response) -> None:
    assert 400 <= response.status_code < 500, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert not INTERNALS.search(response.text), response.text
    assert not INTERNALS.search(str(response.headers)), response.headers
    assert len(response.content) < 1000


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pictures_are_rejected_in_every_type_of_body(limited: Server, name: str) -> None:
    content = HOSTILE[name]
    kinds = {"Content-Type": "image/png"}
    assert_rejected(limited.post("/v1/read", data=content, headers=kinds))
    assert_rejected(limited.post("/v1/read", files={"file": (name, content)}))
    assert_rejected(limited.post("/v1/read", json={"picture": base64_of(content)}))
    correction = {"key": name, "picture": base64_of(content), "read": 1, "correct": 2}
    assert_rejected(limited.post("/v1/corrections", json=correction))
    correction["frame"] = correction.pop("picture")
    assert_rejected(limited.post("/v1/corrections", json=correction))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", DEEP),
        ("application/json", b'{"picture":' * 50_000),
        ("application/json", b'{"picture": 1e999999}'),
        ("application/json", b'{"picture": [[' + b"9" * 100_000 + b"]]}"),
        ("application/json", b'{"picture": "\xff\xfe"}'),
        ("application/json", b'{"picture": "\\ud800"}'),
        ("application/json", gzip.compress(b"0" * 1_000_000)),
        ("application/json", b'{"picture": "http://127.0.0.1/x.png"}'),
        ("application/json", b'{"picture": "file:///etc/passwd"}'),
        ("multipart/form-data; boundary=x", b"--x\r\n" * 50_000),
        ("multipart/form-data; boundary=x", b"--x\r\nA: " + b"b" * 1_000_000),
        ("multipart/form-data; boundary=" + "x" * 5000, b"--x\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n\r\n' * 100
            + b"--x--",
        ),
        ("image/png; a=" + "b" * 5000, b"\0"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/read", "/v1/corrections"])
def test_hostile_bodies_are_rejected(limited: Server, path: str, kind: str, body: bytes) -> None:
    assert_rejected(limited.post(path, data=body, headers={"Content-Type": kind}))


def test_a_body_over_the_limit_is_rejected_by_its_header_and_by_its_size(limited: Server) -> None:
    kinds = {"Content-Type": "image/png"}
    for body in (bytes(BODY_LIMIT + 1), iter([bytes(BODY_LIMIT), b"\0"])):
        response = limited.post("/v1/read", data=body, headers=kinds)
        assert response.status_code == 413
        assert "2,000,000 bytes" in response.json()["detail"]
    address = limited.url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=10) as connection:
        connection.sendall(
            b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
            b"Content-Length: 999999999999\r\n\r\n"
        )
        assert b" 413 " in connection.recv(4096)


def test_pixels_over_the_limit_are_rejected_before_they_are_decoded(limited: Server) -> None:
    response = limited.read(png(np.zeros((1001, 1000), np.uint8)))
    assert response.status_code == 413
    assert response.json()["detail"] == "The picture has 1,001,000 pixels; send at most 1,000,000."


def test_invalid_http_reveals_no_internals(limited: Server) -> None:
    host, port = limited.url.removeprefix("http://").split(":")
    for line in (
        b"\x16\x03\x01\x02\x00\x01",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nA" + b"b" * 99_999,
    ):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(line + b"\r\n\r\n")
            assert not INTERNALS.search(connection.recv(4096).decode("latin-1"))


def test_files_outside_the_page_are_not_served(limited: Server) -> None:
    for path in ("/page/../app.py", "/page/%2e%2e/app.py", "/page//etc/passwd", "/docs/files/../x"):
        # Unlike requests, http.client sends the path as it is.
        connection = http.client.HTTPConnection(limited.url.removeprefix("http://"), timeout=30)
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        assert response.status == 404
        assert not INTERNALS.search(body)


def test_a_request_cannot_add_lines_to_the_log(limited: Server) -> None:
    limited.get("/a%0Ab%1B[31m", headers={"X-Request-ID": "x\ty"})
    wait_until(lambda: "GET /a\\nb\\x1b[31m 404" in limited.log.read_text())


def test_memory_stays_bounded(limited: Server) -> None:
    def resident() -> int:
        paths = [limited.process.pid, *limited.workers()]
        texts = [Path(f"/proc/{process}/status").read_text() for process in paths]
        return sum(int(text.partition("VmRSS:")[2].split()[0]) for text in texts)

    before = resident()
    for _ in range(20):
        limited.post(
            "/v1/read",
            data=bytes(BODY_LIMIT),
            headers={"Content-Type": "image/png"},
        )
        limited.read(png(np.zeros((1000, 1000), np.uint8)))
    assert resident() - before < 150_000  # KiB
