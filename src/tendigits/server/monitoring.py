"""Monitoring: the log, Prometheus metrics, and the middleware that feeds both for each request."""

import json
import logging
import re
import sys
import time
import uuid
from contextvars import ContextVar
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tendigits.server.problems import Problem, problem_response
from tendigits.server.settings import LogFormat

REQUEST_ID_HEADER = "X-Request-ID"
METHODS = ("GET", "HEAD", "POST", "DELETE", "OPTIONS")  # others share one label: clients invent any
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
PICTURES = (1, 2, 4, 8, 16, 32)
CHARACTERS = "0123456789?"
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")

log = logging.getLogger("tendigits.server")
request_id: ContextVar[str] = ContextVar("request_id", default="-")


class Metrics:
    """A server's metrics since its start.

    Attributes:
        requests: the number of requests, by method, route and status.
        seconds: the duration of requests, by route.
        batch_size: the number of pictures in a batch.
        queue: the number of pictures in the queue.
        rejected_requests: the number of requests rejected with 429 or 503.
        shapes: the number of shapes read, by digit; `?` counts rejected shapes.
        corrections: the number of corrections stored.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "tendigits_requests",
            "Requests that got a response.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "tendigits_request_seconds",
            "Seconds from a request's headers to the end of its response.",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.batch_size = Histogram(
            "tendigits_batch_pictures",
            "Pictures in a batch.",
            buckets=PICTURES,
            registry=self.registry,
        )
        self.queue = Gauge(
            "tendigits_queue_pictures", "Pictures in the queue.", registry=self.registry
        )
        self.rejected_requests = Counter(
            "tendigits_rejected_requests",
            "Requests rejected because of too many pictures, or an unavailable database.",
            ("status",),
            registry=self.registry,
        )
        self.shapes = Counter(
            "tendigits_shapes", "Shapes read, by digit.", ("digit",), registry=self.registry
        )
        for character in CHARACTERS:
            self.shapes.labels(character)
        self.corrections = Counter(
            "tendigits_corrections", "Corrections stored.", registry=self.registry
        )

    def text(self) -> bytes:
        """Return all metrics in Prometheus's text format."""
        return generate_latest(self.registry)


class MonitoringMiddleware:
    """Gives each request an id, one log line and its metrics, and responds to unhandled errors."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
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
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = id_
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            status = 499  # nginx's status for a request that the client closed
        except Exception:
            log.exception("unhandled exception")
            if not status:
                error = Problem(500, "Internal server error; the server's log has the details.")
                await problem_response(error)(scope, receive, send_with_id)
        finally:
            self._record(scope, status, time.perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if status in (429, 503):
            self._metrics.rejected_requests.labels(str(status)).inc()
        fields = {
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "seconds": round(seconds, 6),
        }
        line = (scope["method"], scope["path"], status, 1000 * seconds)
        log.info("%s %s %d %.1f ms", *line, extra={"fields": fields})


class PlainFormatter(logging.Formatter):
    """One line of text: time, level, request id, message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback of an exception below it."""
        line = (
            f"{_time(record)} {record.levelname.lower():<7} {request_id.get()} {_message(record)}"
        )
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object."""
        entry = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "request": request_id.get(),
            "message": _message(record),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def set_up_logs(log_format: LogFormat) -> None:
    """Write the server's and uvicorn's log to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else PlainFormatter())
    for name in ("tendigits.server", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(logging.INFO)


def _id_of(scope: Scope) -> str:
    """Return the id that the client sent with its request, or a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            given: str = value.decode()
            return given
    return uuid.uuid4().hex[:16]


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _message(record: logging.LogRecord) -> str:
    # Escaped, so that a client cannot add lines to the log.
    return record.getMessage().encode("unicode_escape").decode()
