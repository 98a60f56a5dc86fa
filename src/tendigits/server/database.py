"""The corrections, used off the event loop and in bounded time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tendigits.feedback.store import CorrectionStore, StoreUnavailable
from tendigits.server.logs import log
from tendigits.server.problems import Problem

THREADS = 4
LONGEST_WAIT = 10  # seconds
Result = TypeVar("Result")


class Database:
    """A store of corrections, and the threads that wait for it.

    Attributes:
        place: the database's URL, without the password.
    """

    def __init__(self, url: str) -> None:
        """Use the database at `url`.

        Raises:
            ServerError: it is no URL of SQLite or PostgreSQL.
            OSError: the folder of its SQLite file cannot be made.
        """
        self._store = CorrectionStore(url)
        self._store.make_folder()
        self._threads = ThreadPoolExecutor(THREADS, "database")
        self.place = self._store.place

    async def run(self, work: Callable[[CorrectionStore], Result]) -> Result:
        """Return the result of `work`.

        Raises:
            Problem: the database cannot be used now (503).
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                return await loop.run_in_executor(self._threads, work, self._store)
        except (StoreUnavailable, TimeoutError) as error:
            log.error("the database cannot be used: %s", error or "no answer")
            raise Problem(503, "The corrections are out of reach now; try again later.") from None

    def close(self) -> None:
        """Close all connections."""
        self._threads.shutdown(cancel_futures=True)
        self._store.close()
