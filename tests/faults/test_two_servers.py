"""Two servers behind HAProxy that share one PostgreSQL, as docs/deploy.md describes it."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from conftest import missing
from postgresql import PostgreSQL
from proxy import Proxy, haproxy, proxy
from server_process import Server, correction, png, serving, wait_until
from tendigits.classifiers import pretrained_models
from tendigits.data import Dataset
from tendigits.files import write_bytes

CLIENTS = 6
NAMES = ("one", "two")  # in deploy/haproxy.cfg
OLD, NEW = "mlp", "tiny"


@dataclass(frozen=True, eq=False)
class Pair:
    """Two servers, the model file and the database of both, and the proxy before them."""

    folder: Path
    database: str
    model: Path
    proxy: Proxy
    servers: list[Server]
    stack: ExitStack

    def start_again(self, number: int) -> None:
        """Start a server that has ended on the port that it had; wait until the proxy uses it."""
        port = self.servers[number].url.rpartition(":")[2]
        words = ("--model", self.model, "--port", port)
        server = serving(self.folder / NAMES[number], *words, database=self.database)
        self.servers[number] = self.stack.enter_context(server)
        self.proxy.command(f"set server servers/{NAMES[number]} state ready")
        wait_until(lambda: self.is_up(number))

    def is_idle(self, number: int) -> bool:
        """Return whether the proxy has no open request at a server."""
        return self.proxy.statistics(NAMES[number])["scur"] == "0"

    def is_up(self, number: int) -> bool:
        return self.proxy.statistics(NAMES[number])["status"].startswith("UP")


@dataclass(frozen=True)
class Sent:
    """A request: when it was sent, its status (0 if there was none), and a correction's key."""

    time: float
    status: int
    key: str | None

    @property
    def has_failed(self) -> bool:
        return self.status not in (200, 201)


@dataclass(frozen=True, eq=False)
class Load:
    """Clients that read pictures and send corrections in turn, until they are stopped."""

    url: str
    picture: bytes
    sent: list[Sent] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def wait_for_more(self, requests: int = 30) -> None:
        wanted = len(self.sent) + requests
        wait_until(lambda: len(self.sent) >= wanted)

    def failures(self) -> list[Sent]:
        return [each for each in self.sent if each.has_failed]

    def stored_keys(self) -> set[str]:
        return {each.key for each in self.sent if each.key and not each.has_failed}

    def send(self, client: int) -> None:
        session = requests.Session()
        for number in itertools.count():
            if self.stopped.is_set():
                return
            key = uuid4().hex if (client + number) % 2 else None
            started = time.monotonic()
            try:
                response = (
                    session.post(f"{self.url}/v1/corrections", json=correction(key), timeout=60)
                    if key
                    else session.post(f"{self.url}/v1/read", data=self.picture, timeout=60)
                )
                status = response.status_code
            except requests.RequestException:
                status = 0
            self.sent.append(Sent(started, status, key))


@contextmanager
def load(url: str, picture: bytes) -> Iterator[Load]:
    """Send requests until the block ends; all have their responses then."""
    sending = Load(url, picture)
    clients = [threading.Thread(target=sending.send, args=(each,)) for each in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        sending.wait_for_more()
        yield sending
    finally:
        sending.stopped.set()
        for client in clients:
            client.join(60)


@pytest.fixture
def picture(mnist: Dataset) -> bytes:
    return png(mnist.test.images[0])


@pytest.fixture(scope="module")
def pair(postgres: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    if haproxy() is None:
        missing("HAProxy", "haproxy")
    folder = tmp_path_factory.mktemp("pair")
    model = folder / "digits.onnx"
    model.write_bytes(pretrained_models()[OLD].read_bytes())
    with ExitStack() as stack:
        servers = []
        for name in NAMES:
            (folder / name).mkdir()
            server = serving(folder / name, "--model", model, database=postgres.url)
            servers.append(stack.enter_context(server))
        front = stack.enter_context(proxy(servers[0].url, servers[1].url, folder))
        yield Pair(folder, postgres.url, model, front, servers, stack)


def test_rolling_model_change_under_load_fails_no_request(pair: Pair, picture: bytes) -> None:
    with load(pair.proxy.url, picture) as sending:
        write_bytes(pair.model, pretrained_models()[NEW].read_bytes())
        for server in pair.servers:
            assert server.get("/v1/model").json()["name"] == OLD
            assert server.post("/v1/models/reload").json()["model"].startswith(NEW)
            sending.wait_for_more()
    assert [server.get("/v1/model").json()["name"] for server in pair.servers] == [NEW, NEW]
    assert sending.failures() == []
    assert sending.stored_keys() <= pair.servers[0].stored_keys()


def test_rolling_restart_under_load_fails_no_request(pair: Pair, picture: bytes) -> None:
    with load(pair.proxy.url, picture) as sending:
        for number, name in enumerate(NAMES):
            pair.proxy.command(f"set server servers/{name} state drain")
            wait_until(partial(pair.is_idle, number))
            pair.servers[number].process.terminate()
            pair.servers[number].process.wait(30)
            sending.wait_for_more()
            pair.start_again(number)
            sending.wait_for_more()
    assert sending.failures() == []


def test_killed_server_fails_only_its_requests_in_flight_and_no_correction_is_lost(
    pair: Pair, picture: bytes
) -> None:
    with load(pair.proxy.url, picture) as sending:
        pair.servers[0].process.kill()
        pair.servers[0].process.wait(10)
        dead = time.monotonic()
        wait_until(lambda: not pair.is_up(0))
        sending.wait_for_more()
        pair.start_again(0)
    failures = sending.failures()
    assert len(failures) <= CLIENTS
    assert all(each.time < dead for each in failures)
    assert len(sending.stored_keys()) > 10
    assert sending.stored_keys() <= pair.servers[1].stored_keys()


def test_proxy_hides_what_concerns_one_server(pair: Pair) -> None:
    for path in ("/metrics", "/readyz", "/healthz"):
        assert requests.get(pair.proxy.url + path, timeout=10).status_code == 404
        assert pair.servers[0].get(path).status_code == 200
    assert requests.post(f"{pair.proxy.url}/v1/models/reload", timeout=10).status_code == 404
