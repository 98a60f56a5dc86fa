"""A worker: a process that reads pictures, and its handle in the server.

Reading a picture keeps one core busy, and Python runs one thread at a time, so there is one worker
per core. A worker is started with a model file's content, receives batches of tasks through a pipe
and sends back one outcome per task. It ends when the pipe is closed, so also if the server is
killed. The server ends it if a picture takes too long.
"""

import asyncio
import multiprocessing
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import cv2

from tendigits.classifiers.model_file import load_model_bytes
from tendigits.reading.reader import Reader
from tendigits.server.task_runner import run_task
from tendigits.server.tasks import Outcome, Rejected, Task

if TYPE_CHECKING:  # a worker's process does not import the server
    from tendigits.server.served_model import ServedModel

SECONDS_TO_START = 60
SECONDS_TO_END = 5
SECONDS_OF_A_DOCUMENT = 25.0  # its pages have limits of their own
# A worker that has lived for this long has not died again and again.
SECONDS_TO_TRUST = 60
LONGEST_PAUSE = 30.0  # seconds
BATCH_SECONDS = 1.0  # no task of a batch is begun later; a small file can take several seconds
# Bytes, the share of the library that reads a format included. More than any picture needs that is
# known (docs/security.md), and a bound for the others.
MEMORY_OF_A_PICTURE = 700 * 2**20
_INTERRUPTED = Rejected(503, "Reading was interrupted; try again.")
_SPAWN = multiprocessing.get_context("spawn")  # a fork would inherit the server's sockets

Result = TypeVar("Result")


class WorkerLost(Exception):  # noqa: N818 - not an error of the worker
    """The process has died, or was ended as a picture took too long.

    Attributes:
        outcomes: those of the first tasks of the batch, that of the last picture included.
        was_ended: whether it was ended.
    """

    def __init__(self, outcomes: list[Outcome], *, was_ended: bool) -> None:
        super().__init__("a picture took too long" if was_ended else "a worker has died")
        self.outcomes = outcomes
        self.was_ended = was_ended


class Worker:
    """The server's handle of a worker process, with a thread that waits for its outcomes.

    Attributes:
        model: the model that the process uses.
        keeps_dying: whether it has died again and again, and is not replaced yet.
    """

    def __init__(self, model: "ServedModel", pixel_limit: int, time_limit: float) -> None:
        self.model = model
        self.keeps_dying = False
        self._pixel_limit = pixel_limit
        self._time_limit = time_limit
        self._deaths = 0
        self._started = time.monotonic()
        self._thread = ThreadPoolExecutor(1, "worker")
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None

    async def start(self) -> None:
        """Start the process, again if it has died; return when it is ready to read.

        Raises:
            OSError, EOFError: the process cannot be started, or ends before it is ready.
        """
        await self._in_thread(self._start)

    @property
    def is_alive(self) -> bool:
        """Whether the process is running."""
        return self._process is not None and self._process.is_alive()

    def count_death(self) -> float:
        """Count a death of the process; return the seconds to wait before the next start."""
        lived = time.monotonic() - self._started
        self._deaths = 1 if lived > SECONDS_TO_TRUST else self._deaths + 1
        return 0.0 if self._deaths == 1 else min(2.0 ** (self._deaths - 2), LONGEST_PAUSE)

    async def run(self, tasks: Sequence[Task]) -> list[Outcome]:
        """Return the outcome of each of `tasks`, or of the first ones if they take long.

        Raises:
            WorkerLost: the process has died, or a picture took longer than the time limit.
        """
        return await self._in_thread(lambda: self._exchange(tasks))

    async def stop(self) -> None:
        """End the process."""
        await self._in_thread(self._stop)
        self._thread.shutdown(wait=False)

    async def _in_thread(self, call: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def _start(self) -> None:
        self._stop()
        self._connection, other_end = _SPAWN.Pipe()
        arguments = (other_end, self._pixel_limit)
        self._process = _SPAWN.Process(target=run_worker, args=arguments, daemon=True)
        self._process.start()
        self._started = time.monotonic()
        other_end.close()  # so that the pipe breaks when the process dies
        # Not as an argument: `Process.start` would wait for ever if the process died meanwhile.
        self._send((self.model.content, self.model.name), SECONDS_TO_START)
        if not self._connection.poll(SECONDS_TO_START):
            self._process.kill()
            raise OSError("the worker does not become ready")
        self._connection.recv()

    def _exchange(self, tasks: Sequence[Task]) -> list[Outcome]:
        assert self._connection is not None
        outcomes: list[Outcome] = []
        limit = self._time_limit
        try:
            self._send(tasks, self._time_limit)
            while True:
                limit = self._limit(tasks[len(outcomes) :])
                outcome = self._receive(limit)
                if outcome is None:
                    return outcomes
                outcomes.append(outcome)
        except TimeoutError:
            self._end()
            rejected = Rejected(
                503,
                f"Reading the picture took more than {limit:g} seconds and was stopped; "
                "send a simpler or smaller one.",
            )
            raise WorkerLost([*outcomes, rejected], was_ended=True) from None
        except (OSError, EOFError):
            raise WorkerLost([*outcomes, _INTERRUPTED], was_ended=False) from None
        except Exception as error:  # too little memory, or what cannot be sent through a pipe
            self._end()
            raise WorkerLost([*outcomes, _INTERRUPTED], was_ended=False) from error

    def _send(self, message: object, seconds: float) -> None:
        """Send a message; a process that does not receive it is ended, which breaks the pipe."""
        assert self._connection is not None
        assert self._process is not None
        timer = threading.Timer(seconds, self._process.kill)
        timer.start()
        try:
            self._connection.send(message)
        finally:
            timer.cancel()

    def _receive(self, limit: float) -> Outcome | None:
        assert self._connection is not None
        if not self._connection.poll(limit):
            raise TimeoutError
        outcome: Outcome | None = self._connection.recv()
        return outcome

    def _limit(self, left: Sequence[Task]) -> float:
        """Return the most seconds to wait for the outcome of the first of some tasks."""
        is_document = any(each.can_have_pages for each in left[:1])
        return max(self._time_limit, SECONDS_OF_A_DOCUMENT) if is_document else self._time_limit

    def _end(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.join()

    def _stop(self) -> None:
        if self._connection is None or self._process is None:
            return
        self._connection.close()
        self._process.join(SECONDS_TO_END)
        self._process.kill()
        self._process.join()


def run_worker(connection: Connection, pixel_limit: int) -> None:
    """Run in the worker process: receive a model, then handle batches until the pipe is closed."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C reaches all processes; the server ends them
    # One thread: the other cores have workers of their own.
    cv2.setNumThreads(1)
    model, name = connection.recv()
    reader = Reader(load_model_bytes(model, name, threads=1), threads=1)
    limit_memory(MEMORY_OF_A_PICTURE)
    connection.send("ready")
    while True:
        try:
            tasks: Sequence[Task] = connection.recv()
        except EOFError:
            return
        for outcome in run_batch(reader, tasks, pixel_limit):
            connection.send(outcome)
        connection.send(None)


def limit_memory(further: int) -> None:
    """Let allocations of this process fail that exceed its present memory by `further` bytes.

    This needs Linux.
    """
    pages = Path("/proc/self/statm")
    if sys.platform != "linux" or not pages.exists():
        return
    import resource  # noqa: PLC0415 - Windows has none

    present = int(pages.read_text().split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (present + further, resource.RLIM_INFINITY))


def run_batch(reader: Reader, tasks: Sequence[Task], pixel_limit: int) -> Iterator[Outcome]:
    """Yield the outcome of each task, at least of the first, until `BATCH_SECONDS` are over."""
    end = time.monotonic() + BATCH_SECONDS
    for task in tasks:
        yield run_task(reader, task, pixel_limit)
        if time.monotonic() > end:
            break
