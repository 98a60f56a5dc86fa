"""Acknowledged corrections survive a kill, a crash of the database and a full disk."""

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


def test_a_kill_during_a_stream_loses_no_acknowledged_correction(
    database: str, tmp_path: Path
) -> None:
    with serving(tmp_path, database=database) as server:
        (worker,) = server.workers()
        acknowledged = stream(server, server.process.kill, tmp_path.name)
        server.process.wait(10)
    assert len(acknowledged) > 20
    wait_until(lambda: not is_alive(worker))
    with serving(tmp_path, database=database) as server:
        assert acknowledged - server.stored_keys() == set()


def test_a_crash_of_the_database_loses_no_correction_and_reading_continues(
    postgres: PostgreSQL, tmp_path: Path, mnist: Dataset
) -> None:
    with serving(tmp_path, database=postgres.url) as server:
        acknowledged = stream(server, postgres.crash, tmp_path.name)
        try:
            assert len(acknowledged) > 20
            rejected = server.correct("during the crash")
            assert rejected.status_code == 503
            assert rejected.headers["Retry-After"]
            assert rejected.json()["detail"] == (
                "The database of corrections is unavailable; try again later."
            )
            assert server.get("/v1/corrections").status_code == 503
            assert server.read(png(mnist.test.images[0])).json()["text"] == "7"
        finally:
            postgres.start()
        wait_until(lambda: server.correct("after the crash").status_code in (200, 201))
        assert acknowledged - server.stored_keys() == set()


def test_a_database_that_starts_after_the_server_is_used(
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


def test_two_servers_can_share_one_database(postgres: PostgreSQL, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with (
        serving(tmp_path, database=postgres.url) as one,
        serving(tmp_path / "other", database=postgres.url) as other,
    ):
        assert one.correct("shared").status_code == 201
        assert other.correct("shared").status_code == 200
        assert "shared" in other.stored_keys()


def test_a_full_disk_rejects_corrections_and_keeps_the_acknowledged_ones(
    tmp_path: Path, mnist: Dataset
) -> None:
    acknowledged = set()
    with serving(tmp_path, blocks=1000) as server:
        for number in range(200):
            response = server.correct(f"full {number}")
            if response.status_code != 201:
                break
            acknowledged.add(f"full {number}")
        assert (response.status_code, len(acknowledged) > 5) == (503, True)
        assert server.read(png(mnist.test.images[0])).json()["text"] == "7"
    with serving(tmp_path) as server:
        assert acknowledged - server.stored_keys() == set()
        assert server.correct("space again").status_code == 201


def stream(server: Server, stop: Callable[[], None], name: str) -> set[str]:
    """Send corrections from several clients, call `stop` meanwhile; return acknowledged keys."""
    acknowledged: set[str] = set()
    stopped = threading.Event()

    def send(client: int) -> None:
        for number in itertools.count():
            key = f"{name} {client} {number}"
            try:
                response = server.correct(key)
            except requests.RequestException:
                return
            if response.status_code != 201 or stopped.is_set():
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
