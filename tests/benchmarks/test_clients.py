from contextlib import nullcontext
from multiprocessing.synchronize import Event
from typing import Any, cast

import pytest

import clients
from server_process import Server


def test_measured_requests_read_drawings(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "serving", lambda _: nullcontext((server.url, [])))
    monkeypatch.setattr(clients, "attacking", lambda *_: nullcontext())
    monkeypatch.setattr(clients, "WARM_UP", 0.1)
    monkeypatch.setattr(clients, "HEAD_START", 0.0)
    attack = clients.never_end_headers
    row = cast("dict[str, Any]", clients.measure("none", attack, [], seconds=1, pairs=1))
    assert min(row["requests"]) > 0
    assert max(row["p50_ms"]) < 1000 * clients.NOT_READ


def test_unexpected_status_is_an_error(server: Server) -> None:
    with pytest.raises(RuntimeError, match="has sent 405"):
        clients.read_for(server.url, 10)
    with pytest.raises(RuntimeError, match="has sent 405"):
        clients.send_twice_per_second(server.url, b"", cast("Event", OneRound()))


def test_attack_that_fails_ends_the_benchmark() -> None:
    attack = cast("clients.Attack", int)  # raises an error, and its process has nothing to import
    with pytest.raises(SystemExit, match="ended with an error"), clients.attacking(attack, "url"):
        pass


class OneRound:
    """An event that is set after it was waited for once."""

    is_set = False

    def wait(self, _: float) -> bool:
        self.is_set, before = True, self.is_set
        return before
