"""A process in which hostile input is handled, with its time and memory measured."""

import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

import cv2

from tendigits import ModelError, PictureError, Reader
from tendigits.classifiers.model_file import load_model_bytes
from tendigits.images import decode

SECONDS_TO_START = 120
SPAWN = multiprocessing.get_context("spawn")
# An allocation beyond it fails, so that no input can take all memory of the machine.
MOST_MEMORY = 4 * 2**30


@dataclass(frozen=True)
class Outcome:
    """What came of one input.

    Attributes:
        seconds: of computing.
        mebibytes: the most memory that the process had meanwhile.
        error: an exception that must not be raised; empty if there was none.
        rejected: the sentence with which it was rejected; empty if it was not.
    """

    seconds: float
    mebibytes: float
    error: str
    rejected: str = ""


class Guarded:
    """Handles input in a process of its own."""

    def __init__(self, handler: str, failures: Path) -> None:
        self.handler = handler
        self.failures = failures
        self._start()

    def handle(self, content: bytes, wall_seconds: float) -> Outcome:
        """Return what comes of an input; one that fails is kept in the folder of failures."""
        self._connection.send_bytes(content)
        try:
            if self._connection.poll(wall_seconds):
                outcome: Outcome = self._connection.recv()
            else:
                outcome = Outcome(wall_seconds, 0, f"no outcome after {wall_seconds:g} s")
        except (EOFError, OSError):
            self._process.join()
            outcome = Outcome(0, 0, f"the process has died ({self._process.exitcode})")
        if outcome.error:
            self.restart()
        return outcome

    def keep(self, content: bytes) -> Path:
        """Write an input that fails to the folder of failures; return its path."""
        self.failures.mkdir(parents=True, exist_ok=True)
        path = self.failures / f"{self.handler}-{abs(hash(content)):x}"
        path.write_bytes(content)
        return path

    def restart(self) -> None:
        self.stop()
        self._start()

    def stop(self) -> None:
        self._process.kill()
        self._process.join()

    def _start(self) -> None:
        self._connection, other = SPAWN.Pipe()
        self._process: SpawnProcess = SPAWN.Process(target=run, args=(other, self.handler))
        self._process.start()
        other.close()
        assert self._connection.poll(SECONDS_TO_START)
        self._connection.recv()


def run(connection: Connection, handler: str) -> None:
    """Run in the process."""
    cv2.setNumThreads(1)
    handle = HANDLERS[handler]
    handle(b"")  # loads what is needed
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    connection.send("ready")
    while True:
        content = connection.recv_bytes()
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        start, error, rejected = time.process_time(), "", ""
        try:
            rejected = handle(content)
        except Exception as caught:
            error = f"{type(caught).__name__}: {caught}"
        connection.send(Outcome(time.process_time() - start, peak_mebibytes(), error, rejected))


def peak_mebibytes() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def read_picture(content: bytes) -> str:
    return rejection(lambda: _reader().read(content))


def decode_picture(content: bytes) -> str:
    return rejection(lambda: decode(content))


def load_model(content: bytes) -> str:
    return rejection(lambda: load_model_bytes(content, "the model", threads=1))


def rejection(work: Callable[[], object]) -> str:
    """Return the sentence with which work is rejected, or an empty one."""
    try:
        work()
    except (ModelError, PictureError) as error:
        check_sentence(error)
        return str(error)
    return ""


def check_sentence(error: Exception) -> None:
    """Check that an error is one sentence in one line."""
    text = str(error)
    assert text.endswith((".", "?")), text
    assert "\n" not in text, text


@cache
def _reader() -> Reader:
    return Reader(threads=1)


HANDLERS: dict[str, Callable[[bytes], str]] = {
    "decode": decode_picture,
    "model": load_model,
    "read": read_picture,
}
