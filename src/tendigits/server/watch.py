"""What happens around each request: an id, a line in the log, figures, and no error untold."""

import re
import time
import uuid

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tendigits.server.logs import log, request_id
from tendigits.server.problems import Problem, problem_response
from tendigits.server.prometheus import Metrics

HEADER = "X-Request-ID"
METHODS = ("GET", "HEAD", "POST", "DELETE", "OPTIONS")  # a client may make up any other
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class Watch:
    """Wraps an app."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        id_ = _id_of(scope)
        request_id.set(id_)
        started, status = time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = id_
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            status = 499  # as nginx calls it; nobody is there to be told
        except Exception:
            log.exception("this should not happen")
            if not status:
                wrong = Problem(500, "The server made a mistake; its log tells which.")
                await problem_response(wrong)(scope, receive, send_with_id)
        finally:
            self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if status in (429, 503):
            self._metrics.rejections.labels(str(status)).inc()
        log.info(
            "%s %s %d %.1f ms",
            scope["method"],
            scope["path"],
            status,
            1000 * seconds,
            extra={
                "fields": {
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": status,
                    "seconds": round(seconds, 6),
                }
            },
        )


def _id_of(scope: Scope) -> str:
    """Return the id that the client gave its request, or a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _ID.fullmatch(value):
            given: str = value.decode()
            return given
    return uuid.uuid4().hex[:16]
