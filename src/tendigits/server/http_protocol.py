"""HTTP as uvicorn speaks it, with limits on headers, and on bodies that no route reads."""

import asyncio
import json

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEADER_BYTES = 64 * 1024
_PROBLEM = {
    "type": "about:blank",
    "title": "Request Timeout",
    "status": 408,
    "detail": "The headers were not received in time; send them again.",
}


def limited_protocol(header_timeout: float) -> type[asyncio.Protocol]:
    """Return the protocol that closes a connection whose headers take longer than some seconds.

    The time after a response includes the rest of the request's body.
    """

    class Limited(_LimitedProtocol):
        timeout = header_timeout

    return Limited


class _LimitedProtocol(HttpToolsProtocol):
    timeout: float
    _timer: asyncio.TimerHandle | None = None
    _header_bytes = 0  # since the timer was started
    _is_in_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._is_in_body:
            if self._timer is None:
                self._start_timer()  # empty lines before a request begin none
            self._header_bytes += len(data)
            if self._header_bytes > MAX_HEADER_BYTES + len(data):
                self.send_400_response("The headers are too large.")
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._timer is None:
            self._start_timer()

    def on_headers_complete(self) -> None:
        self._stop_timer()
        self._is_in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_in_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # uvicorn waits for the rest of the body without a limit: each byte stops its own timer.
        if self._is_in_body and self.cycle.response_complete:
            self._start_timer()

    def _start_timer(self) -> None:
        self._header_bytes = 0
        self._timer = self.loop.call_later(self.timeout, self._end)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._start_timer()  # an earlier request of the connection is still being handled
            return
        self._timer = None
        if self._header_bytes:
            body = json.dumps(_PROBLEM).encode()
            self.transport.write(
                b"HTTP/1.1 408 Request Timeout\r\ncontent-type: application/problem+json\r\n"
                b"connection: close\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
            )
        self.transport.close()
