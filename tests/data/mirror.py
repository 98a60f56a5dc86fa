"""A real HTTP server on this machine: it serves files, and goes wrong as it is told to."""

import hashlib
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from tendigits.data.catalogue import MNIST, CatalogueEntry


@dataclass(frozen=True)
class Manner:
    """How a request is answered.

    Attributes:
        status: an error to answer with.
        body: how many bytes of the body are sent before the connection is cut; all when None.
        until: what is waited for before the connection is cut.
        ranges: whether a Range in the request is obeyed.
        headers: headers in place of the right ones.
    """

    status: int | None = None
    body: int | None = None
    until: Event | None = None
    ranges: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Mirror:
    """A running server.

    Attributes:
        url: the address of the folder it serves.
        files: what is in the folder.
        manner: how it answers.
        faults: how it answers the next requests instead, one each.
        asked: the file and the Range of each request so far.
    """

    url: str
    files: dict[str, bytes]
    manner: Manner = field(default_factory=Manner)
    faults: deque[Manner] = field(default_factory=deque)
    asked: list[tuple[str, str | None]] = field(default_factory=list)


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[Mirror]:
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
    """Return a catalogue entry for `files` with their true checksums."""
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
            name, asked_range = self.path.removeprefix("/data/"), self.headers["Range"]
            mirror.asked.append((name, asked_range))
            manner = mirror.faults.popleft() if mirror.faults else mirror.manner
            if manner.status or name not in mirror.files:
                self.send_error(manner.status or 404)
                return
            start = _start(asked_range) if manner.ranges else None
            content = mirror.files[name]
            if start is not None and start >= len(content):
                self.send_error(416)
                return
            self._send(content[start or 0 :], 200 if start is None else 206, manner)

        def _send(self, content: bytes, status: int, manner: Manner) -> None:
            self.send_response(status)
            headers = {"Content-Length": str(len(content))} | dict(manner.headers)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):
                self.wfile.write(content[: manner.body])
            if manner.until:
                manner.until.wait()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
            """Keep quiet."""

    return Handler


def _start(asked_range: str | None) -> int | None:
    return int(asked_range.removeprefix("bytes=").removesuffix("-")) if asked_range else None
