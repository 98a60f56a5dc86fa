"""Corrections that were acknowledged are there after whatever happened to the server."""

import itertools
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from postgresql import PostgreSQL
from server_process import Server, is_alive, png, serving, wait_until
from tendigits.data import Dataset

CLIENTS = 4
SECONDS_OF_STREAM = 1.0


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'corrections.sqlite'}"
    cluster: PostgreSQL = request.getfixturevalue("postgres")
    return cluster.url


def test_a_kill_amid_a_stream_loses_none_that_was_acknowledged(
    database: str, tmp_path: Path
) -> None:
    with serving(tmp_path, database=database) as server:
        (reader,) = server.readers()
        acknowledged = stream(server, server.process.kill, tmp_path.name)
        server.process.wait(10)
    assert len(acknowledged) > 20
    wait_until(lambda: not is_alive(reader))
    with serving(tmp_path, database=database) as server:
        assert acknowledged - server.stored_keys() == set()


def test_a_crash_of_the_database_loses_none_and_reading_goes_on(
    postgres: PostgreSQL, tmp_path: Path, mnist: Dataset
) -> None:
    with serving(tmp_path, database=postgres.url) as server:
        acknowledged = stream(server, postgres.crash, tmp_path.name)
        try:
            assert len(acknowledged) > 20
            rejected = server.correct("away")
            assert rejected.status_code == 503
            assert rejected.headers["Retry-After"]
            assert rejected.json()["detail"] == (
                "The corrections are out of reach now; try again later."
            )
            assert server.get("/v1/corrections").status_code == 503
            assert server.read(png(mnist.test.images[0])).json()["text"] == "7"
        finally:
            postgres.start()
        wait_until(lambda: server.correct("back").status_code in (200, 201))
        assert acknowledged - server.stored_keys() == set()


def test_a_database_that_comes_after_the_server_is_found(
    postgres: PostgreSQL, tmp_path: Path
) -> None:
    postgres.crash()
    try:
        with serving(tmp_path, database=postgres.url) as server:
            assert server.correct("too early").status_code == 503
            postgres.start()
            wait_until(lambda: server.correct("in time").status_code in (200, 201))
    finally:
        if not (postgres.folder / "postmaster.pid").exists():
            postgres.start()


def test_two_servers_share_one_database(postgres: PostgreSQL, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with (
        serving(tmp_path, database=postgres.url) as one,
        serving(tmp_path / "other", database=postgres.url) as other,
    ):
        assert one.correct("shared").status_code == 201
        assert other.correct("shared").status_code == 200
        assert "shared" in other.stored_keys()


def test_a_full_disk_rejects_corrections_and_keeps_what_was_acknowledged(
    tmp_path: Path, mnist: Dataset
) -> None:
    acknowledged = set()
    with serving(tmp_path, blocks=1000) as server:
        for number in range(200):
            answer = server.correct(f"full {number}")
            if answer.status_code != 201:
                break
            acknowledged.add(f"full {number}")
        assert (answer.status_code, len(acknowledged) > 5) == (503, True)
        assert server.read(png(mnist.test.images[0])).json()["text"] == "7"
    with serving(tmp_path) as server:
        assert acknowledged - server.stored_keys() == set()
        assert server.correct("room again").status_code == 201


def stream(server: Server, stop: Callable[[], None], name: str) -> set[str]:
    """Send corrections from several clients, `stop` amid them; return the acknowledged keys."""
    acknowledged: set[str] = set()
    stopped = threading.Event()

    def send(client: int) -> None:
        for number in itertools.count():
            key = f"{name} {client} {number}"
            try:
                answer = server.correct(key)
            except requests.RequestException:
                return
            if answer.status_code != 201 or stopped.is_set():
                return
            acknowledged.add(key)

    clients = [threading.Thread(target=send, args=(client,)) for client in range(CLIENTS)]
    for client in clients:
        client.start()
    time.sleep(SECONDS_OF_STREAM)
    stop()
    stopped.set()
    for client in clients:
        client.join(60)
    return acknowledged
