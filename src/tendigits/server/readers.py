"""A reader: a process that reads pictures, as the server sees it."""

import asyncio
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import TypeVar

from tendigits.server.reader_process import Picture, Read, Rejected, run_reader
from tendigits.server.served_model import ServedModel

Outcome = Read | Rejected
Result = TypeVar("Result")

_SPAWN = multiprocessing.get_context("spawn")  # a fork would share the server's sockets
_SECONDS_TO_END = 5


class ReaderProcess:
    """A process that reads with one model, and the thread that waits for it.

    Attributes:
        model: what it reads with.
    """

    def __init__(self, model: ServedModel, pixel_limit: int) -> None:
        self.model = model
        self._pixel_limit = pixel_limit
        self._thread = ThreadPoolExecutor(1, "reader")
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None

    async def start(self) -> None:
        """Start the process, anew where it has died; return when it can read.

        Raises:
            OSError, EOFError: it cannot be started, or does not come to read.
        """
        await self._in_thread(self._start)

    async def read(self, pictures: Sequence[Picture]) -> list[Outcome]:
        """Return what is read in each of `pictures`.

        Raises:
            OSError, EOFError: the process has died.
        """
        return await self._in_thread(lambda: self._exchange(pictures))

    async def stop(self) -> None:
        """Let the process end."""
        await self._in_thread(self._stop)
        self._thread.shutdown(wait=False)

    async def _in_thread(self, call: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def _start(self) -> None:
        self._stop()
        self._connection, theirs = _SPAWN.Pipe()
        arguments = (theirs, self.model.content, self.model.name, self._pixel_limit)
        self._process = _SPAWN.Process(target=run_reader, args=arguments, daemon=True)
        self._process.start()
        theirs.close()  # so that its end is seen here
        self._connection.recv()

    def _exchange(self, pictures: Sequence[Picture]) -> list[Outcome]:
        assert self._connection is not None
        self._connection.send(pictures)
        outcomes: list[Outcome] = self._connection.recv()
        return outcomes

    def _stop(self) -> None:
        if self._connection is None or self._process is None:
            return
        self._connection.close()
        self._process.join(_SECONDS_TO_END)
        self._process.kill()
        self._process.join()
