"""A worker: a process that reads pictures, and its handle in the server.

Reading a picture keeps one core busy, and Python runs one thread at a time, so there is one worker
per core. A worker is started with a model file's content, receives batches of tasks through a pipe
and sends back one outcome per task. It ends when the pipe is closed, so also if the server is
killed.
"""

import asyncio
import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, TypeVar

import cv2

from tendigits.classifiers.model_file import load_model_bytes
from tendigits.reading.reader import Reader
from tendigits.server.task_runner import run_task
from tendigits.server.tasks import Outcome, Task

if TYPE_CHECKING:  # a worker's process does not import the server
    from tendigits.server.served_model import ServedModel

SECONDS_TO_END = 5
BATCH_SECONDS = 1.0  # no task of a batch is begun later; a small file can take several seconds
_SPAWN = multiprocessing.get_context("spawn")  # a fork would inherit the server's sockets

Result = TypeVar("Result")


class Worker:
    """The server's handle of a worker process, with a thread that waits for its outcomes.

    Attributes:
        model: the model that the process uses.
    """

    def __init__(self, model: "ServedModel", pixel_limit: int) -> None:
        self.model = model
        self._pixel_limit = pixel_limit
        self._thread = ThreadPoolExecutor(1, "worker")
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None

    async def start(self) -> None:
        """Start the process, again if it has died; return when it is ready to read.

        Raises:
            OSError, EOFError: the process cannot be started, or ends before it is ready.
        """
        await self._in_thread(self._start)

    async def run(self, tasks: Sequence[Task]) -> list[Outcome]:
        """Return the outcome of each of `tasks`, or of the first ones if they take long.

        Raises:
            OSError, EOFError: the process has died.
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
        arguments = (other_end, self.model.content, self.model.name, self._pixel_limit)
        self._process = _SPAWN.Process(target=run_worker, args=arguments, daemon=True)
        self._process.start()
        other_end.close()  # so that the pipe breaks when the process dies
        self._connection.recv()

    def _exchange(self, tasks: Sequence[Task]) -> list[Outcome]:
        assert self._connection is not None
        self._connection.send(tasks)
        outcomes: list[Outcome] = self._connection.recv()
        return outcomes

    def _stop(self) -> None:
        if self._connection is None or self._process is None:
            return
        self._connection.close()
        self._process.join(SECONDS_TO_END)
        self._process.kill()
        self._process.join()


def run_worker(connection: Connection, model: bytes, name: str, pixel_limit: int) -> None:
    """Run in the worker process: handle batches of tasks until `connection` is closed."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C reaches all processes; the server ends them
    # One thread: the other cores have workers of their own.
    cv2.setNumThreads(1)
    reader = Reader(load_model_bytes(model, name, threads=1), threads=1)
    connection.send("ready")
    while True:
        try:
            tasks: Sequence[Task] = connection.recv()
        except EOFError:
            return
        connection.send(run_batch(reader, tasks, pixel_limit))


def run_batch(reader: Reader, tasks: Sequence[Task], pixel_limit: int) -> list[Outcome]:
    """Return the outcome of each task, at least of the first, until `BATCH_SECONDS` are over."""
    end = time.monotonic() + BATCH_SECONDS
    outcomes = []
    for task in tasks:
        outcomes.append(run_task(reader, task, pixel_limit))
        if time.monotonic() > end:
            break
    return outcomes
