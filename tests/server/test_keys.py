from collections.abc import Iterator
from pathlib import Path

import pytest

from server_process import Server, correction, serving


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    env = {"TENDIGITS_API_KEYS": "one,two"}
    with serving(tmp_path_factory.mktemp("locked"), "--model", "tiny", env=env) as running:
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
def test_without_a_key_nothing_is_read_or_told(
    locked: Server, method: str, path: str, header: str | None
) -> None:
    import requests

    headers = {"Authorization": header} if header else {}
    answer = requests.request(method, locked.url + path, headers=headers, timeout=10)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("key", ["one", "two"])
def test_each_key_will_do(locked: Server, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    sent = correction(f"by {key}")
    assert locked.post("/v1/corrections", json=sent, headers=headers).status_code == 201
    assert locked.get("/v1/model", headers=headers).status_code == 200


def test_who_runs_the_server_and_who_draws_needs_none(locked: Server) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", "/"):
        assert locked.get(path).status_code == 200


def test_a_key_is_in_no_log_and_no_answer(locked: Server) -> None:
    locked.get("/v1/model", headers={"Authorization": "Bearer three-is-wrong"})
    assert "three-is-wrong" not in locked.log.read_text()


def test_without_keys_it_answers_by_this_machines_names_alone(tmp_path: Path) -> None:
    with serving(tmp_path, "--model", "tiny") as server:
        for host, status in (("localhost", 200), ("[::1]:8000", 200), ("evil.example", 421)):
            assert server.get("/v1/model", headers={"Host": host}).status_code == status
    with serving(tmp_path, "--model", "tiny", "--open") as server:
        assert server.get("/v1/model", headers={"Host": "a.example"}).status_code == 200
