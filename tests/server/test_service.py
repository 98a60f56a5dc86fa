from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from server_process import Server, correction, serving


@pytest.fixture(scope="module")
def server_with_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    env = {"TENDIGITS_API_KEYS": "one,two"}
    with serving(tmp_path_factory.mktemp("keys"), "--model", "tiny", env=env) as running:
        yield running


ADDRESSES = [
    ("POST", "/v1/read"),
    ("POST", "/v1/occlusion"),
    ("GET", "/v1/corrections"),
    ("POST", "/v1/corrections"),
    ("DELETE", "/v1/corrections/1"),
    ("GET", "/v1/model"),
    ("POST", "/v1/models/reload"),
]


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
@pytest.mark.parametrize("header", [None, "Bearer three", "Bearer ", "Basic one", "one"])
def test_every_v1_address_needs_a_key(
    server_with_keys: Server, method: str, path: str, header: str | None
) -> None:
    headers = {"Authorization": header} if header else {}
    response = requests.request(method, server_with_keys.url + path, headers=headers, timeout=10)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("key", ["one", "two"])
def test_each_key_is_accepted(server_with_keys: Server, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    sent = correction(f"by {key}")
    assert server_with_keys.post("/v1/corrections", json=sent, headers=headers).status_code == 201
    assert server_with_keys.get("/v1/model", headers=headers).status_code == 200


def test_health_checks_docs_and_the_page_need_no_key(server_with_keys: Server) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", "/"):
        assert server_with_keys.get(path).status_code == 200


def test_a_rejected_key_is_not_logged(server_with_keys: Server) -> None:
    server_with_keys.get("/v1/model", headers={"Authorization": "Bearer not-a-key"})
    assert "not-a-key" not in server_with_keys.log.read_text()


def test_without_keys_only_requests_to_localhost_are_accepted(tmp_path: Path) -> None:
    with serving(tmp_path, "--model", "tiny") as server:
        for host, status in (("localhost", 200), ("[::1]:8000", 200), ("evil.example", 421)):
            assert server.get("/v1/model", headers={"Host": host}).status_code == status
    with serving(tmp_path, "--model", "tiny", "--open") as server:
        assert server.get("/v1/model", headers={"Host": "a.example"}).status_code == 200


def test_without_keys_pages_of_other_sites_cannot_change_anything(tmp_path: Path) -> None:
    allowed = "https://a.example"
    with serving(tmp_path, "--model", "tiny", "--cors-origin", allowed) as server:
        for site, origin, status in (
            ("cross-site", "https://b.example", 403),
            ("same-site", "http://localhost:3000", 403),
            ("cross-site", "null", 403),
            ("cross-site", allowed, 404),
            ("same-origin", server.url, 404),
            ("none", None, 404),
            (None, None, 404),
            (None, "http://b.example", 403),  # an older browser, or a server without TLS
            (None, "null", 403),
            (None, server.url, 404),
        ):
            given = {"Sec-Fetch-Site": site, "Origin": origin}
            headers = {name: value for name, value in given.items() if value}
            url = f"{server.url}/v1/corrections/1"
            assert requests.delete(url, headers=headers, timeout=10).status_code == status
            assert server.get("/v1/model", headers=headers).status_code == 200
