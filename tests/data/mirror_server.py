"""An HTTP server on this machine that serves files, and fails in the ways a test sets."""

import hashlib
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from tendigits.data.catalogue import MNIST, CatalogueEntry


@dataclass(frozen=True)
class Behaviour:
    """How the server responds to a request.

    Attributes:
        status: an error status to respond with; none by default.
        sent_bytes: the part of the body to send before the connection is closed; all if None.
        closed_after: the event to wait for before the connection is closed.
        supports_ranges: whether the Range header of the request is respected.
        headers: response headers that replace the correct ones.
    """

    status: int | None = None
    sent_bytes: int | None = None
    closed_after: Event | None = None
    supports_ranges: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Mirror:
    """A running server.

    Attributes:
        url: the URL of the folder that it serves.
        files: the content of that folder.
        behaviour: how it responds by default.
        faults: how it responds to the next requests instead, one each.
        requests: the file name and the Range header of each request so far.
    """

    url: str
    files: dict[str, bytes]
    behaviour: Behaviour = field(default_factory=Behaviour)
    faults: deque[Behaviour] = field(default_factory=deque)
    requests: list[tuple[str, str | None]] = field(default_factory=list)


@contextmanager
def running_mirror(files: Mapping[str, bytes]) -> Iterator[Mirror]:
    """Serve `files` on 127.0.0.1 while the block runs."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        mirror = Mirror(f"http://127.0.0.1:{server.server_port}/data/", dict(files))
        server.RequestHandlerClass = _handler(mirror)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield mirror
        finally:
            server.shutdown()
            thread.join()


def entry_for(files: Mapping[str, bytes], *mirrors: str) -> CatalogueEntry:
    """Return a catalogue entry for `files` with their checksums."""
    return replace(
        MNIST,
        name="tiny",
        homepage="http://tiny.example/",
        sha256={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        mirrors=mirrors,
    )


def _handler(mirror: Mirror) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name, requested_range = self.path.removeprefix("/data/"), self.headers["Range"]
            mirror.requests.append((name, requested_range))
            behaviour = mirror.faults.popleft() if mirror.faults else mirror.behaviour
            if behaviour.status or name not in mirror.files:
                self.send_error(behaviour.status or 404)
                return
            start = _start(requested_range) if behaviour.supports_ranges else None
            content = mirror.files[name]
            if start is not None and start >= len(content):
                self.send_error(416)
                return
            self._send(content[start or 0 :], 200 if start is None else 206, behaviour)

        def _send(self, content: bytes, status: int, behaviour: Behaviour) -> None:
            self.send_response(status)
            headers = {"Content-Length": str(len(content))} | dict(behaviour.headers)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):
                self.wfile.write(content[: behaviour.sent_bytes])
            if behaviour.closed_after:
                behaviour.closed_after.wait()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
            """Write no log."""

    return Handler


def _start(requested_range: str | None) -> int | None:
    if not requested_range:
        return None
    return int(requested_range.removeprefix("bytes=").removesuffix("-"))
