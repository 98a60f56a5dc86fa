"""The run's log: one JSON object a line, appended as things happen."""

import os
from datetime import UTC, datetime
from pathlib import Path

from tendigits.files import to_json


class RunLog:
    """Appends events to `log.jsonl`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        _cut_unfinished_line(path)

    def write(self, event: str, **values: object) -> None:
        """Append one line: the time in UTC, the event's name, its values."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = to_json({"time": now, "event": event, **values})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def _cut_unfinished_line(path: Path) -> None:
    # A process that was killed may have left the start of a line.
    if path.exists():
        whole = path.read_bytes().rpartition(b"\n")
        os.truncate(path, len(whole[0]) + len(whole[1]))
