"""The log: a line a request with its id, for people or as JSON."""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

from tendigits.server.settings import LogFormat

log = logging.getLogger("tendigits.server")
request_id: ContextVar[str] = ContextVar("request_id", default="-")


class PlainFormatter(logging.Formatter):
    """A line for people: time, level, request, what happened."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = (
            f"{_time(record)} {record.levelname.lower():<7} {request_id.get()} {_message(record)}"
        )
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """The same as a JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object in a line."""
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


def set_up_logs(form: LogFormat) -> None:
    """Write what the server and uvicorn have to say to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else PlainFormatter())
    for name in ("tendigits.server", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(logging.INFO)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _message(record: logging.LogRecord) -> str:
    # One entry is one line, whatever a client has put into it.
    return record.getMessage().encode("unicode_escape").decode()
