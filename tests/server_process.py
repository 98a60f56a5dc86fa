"""A real server in a process of its own, and the requests that tests send to it."""

import base64
import io
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import requests
from numpy.typing import NDArray
from PIL import Image

from conftest import command

SECONDS_TO_START = 60


@dataclass(frozen=True, eq=False)
class Server:
    """A running server.

    Attributes:
        url: where it listens.
        process: its process.
        log: its log file.
    """

    url: str
    process: "subprocess.Popen[str]"
    log: Path

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=30, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return requests.post(self.url + path, timeout=60, **options)

    def delete(self, path: str) -> requests.Response:
        return requests.delete(self.url + path, timeout=30)

    def read(self, picture: bytes, **options: Any) -> requests.Response:
        headers = {"Content-Type": "image/png"}
        return self.post("/v1/read", data=picture, headers=headers, **options)

    def correct(self, key: str, **changes: Any) -> requests.Response:
        return self.post("/v1/corrections", json=correction(key, **changes))

    def stored_keys(self) -> set[str]:
        """Return the keys of all corrections, page by page."""
        keys: set[str] = set()
        query = "?limit=500"
        while query:
            page = self.get(f"/v1/corrections{query}").json()
            keys |= {each["key"] for each in page["corrections"]}
            query = f"?limit=500&before={page['next']}" if page["next"] else ""
        return keys

    def workers(self) -> list[int]:
        """Return the ids of the worker processes, without Python's resource tracker."""
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        children = [int(number) for path in threads for number in path.read_text().split()]
        return [child for child in children if b"spawn_main" in _command_line(child)]


@contextmanager
def serving(
    folder: Path,
    *words: str | Path,
    database: str | None = None,
    env: Mapping[str, str] | None = None,
    blocks: int | None = None,
) -> Iterator[Server]:
    """Run `tendigits serve` on a free port until the block ends.

    Args:
        folder: for its log and, unless another database is given, its SQLite file.
        words: further words of the command line.
        database: the URL of the corrections' database.
        env: further environment variables.
        blocks: the largest size of a file that the server can write, in blocks of 512 bytes.
    """
    database = database or f"sqlite:///{folder / 'corrections.sqlite'}"
    started = command("serve", "--port", "0", "--database", database, "--workers", "1", *words)
    if blocks is not None:
        started = ["sh", "-c", f'ulimit -f {blocks} && exec "$@"', "sh", *started]
    log = folder / "server.log"
    with (
        log.open("a") as errors,
        subprocess.Popen(
            started,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, **(env or {})},
        ) as process,
    ):
        assert process.stdout is not None
        try:
            url = next(filter(None, map(_address, process.stdout)), None)
            assert url, log.read_text()
            yield Server(url, process, log)
        finally:
            process.kill()


def correction(key: str, **changes: Any) -> dict[str, Any]:
    """Return the JSON of a correction."""
    frame = np.zeros((28, 28), int)
    frame[4:24, 10:18] = 200
    return {"key": key, "frame": frame.tolist(), "read": 7, "correct": 1, **changes}


def png(image: NDArray[np.uint8]) -> bytes:
    """Return an image as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until `condition()` is true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"the condition is still false after {seconds} s"
        time.sleep(0.05)


def is_alive(process: int) -> bool:
    """Return whether a process is running; a zombie is not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _address(line: str) -> str | None:
    match = re.match(r"Listening on (http://\S+);", line)
    return match[1] if match else None


def _command_line(process: int) -> bytes:
    return Path(f"/proc/{process}/cmdline").read_bytes()
