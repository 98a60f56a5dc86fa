"""What every route needs: the running server's parts, and the client that sent the request."""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from tendigits.errors import ModelError
from tendigits.feedback.store import CorrectionStore, StoreUnavailable
from tendigits.server.batching import Batcher
from tendigits.server.monitoring import Metrics, log
from tendigits.server.problems import Problem
from tendigits.server.served_model import load_served_model
from tendigits.server.settings import ServerSettings, is_loopback

DATABASE_THREADS = 4
SECONDS_OF_A_DAY = 24 * 60 * 60
DATABASE_TIMEOUT = 10  # seconds
READING_METHODS = ("GET", "HEAD", "OPTIONS")
OWN_PAGES = ("same-origin", "none")  # of the header Sec-Fetch-Site
Result = TypeVar("Result")

_bearer = HTTPBearer(
    auto_error=False, description="One of the server's keys; required if it has any."
)


class Database:
    """The store of corrections, used in threads of its own and for a limited time.

    Attributes:
        display_url: the database's URL, without the password.
    """

    def __init__(self, url: str, limit: int) -> None:
        """Use the database at `url`, for at most `limit` corrections.

        Raises:
            ServerError: `url` is not a URL of SQLite or PostgreSQL.
            OSError: the folder of the SQLite file cannot be created.
        """
        self._store = CorrectionStore(url, limit)
        self._store.make_folder()
        self._threads = ThreadPoolExecutor(DATABASE_THREADS, "database")
        self.display_url = self._store.display_url

    async def run(self, work: Callable[[CorrectionStore], Result]) -> Result:
        """Return the result of `work`.

        Raises:
            Problem: the database cannot be used at the moment (503).
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(DATABASE_TIMEOUT):
                return await loop.run_in_executor(self._threads, work, self._store)
        except (StoreUnavailable, TimeoutError) as error:
            log.error("the database is unavailable: %s", error or "timeout")
            raise Problem(
                503, "The database of corrections is unavailable; try again later."
            ) from None

    def close(self) -> None:
        """Close all connections."""
        self._threads.shutdown(cancel_futures=True)
        self._store.close()


class DailyLimit:
    """Counts what each client stores in a day, from the server's start on."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: Counter[str] = Counter()
        self._end = 0.0

    def check(self, client: str) -> None:
        """Raise a problem (429) if a client has reached the limit.

        Raises:
            Problem: it has.
        """
        if time.monotonic() > self._end:
            self._counts.clear()
            self._end = time.monotonic() + SECONDS_OF_A_DAY
        if self._counts[client] >= self._most:
            raise Problem(
                429, f"You have sent {self._most:,} corrections within a day; send more tomorrow."
            )

    def count(self, client: str) -> None:
        """Count a correction of a client."""
        self._counts[client] += 1


@dataclass(frozen=True, eq=False)
class Service:
    """The parts of a running server.

    Attributes:
        settings: its settings.
        metrics: its metrics for Prometheus.
        batcher: the queue of pictures, and the workers that read them.
        database: the corrections.
        daily_corrections: the limit on the corrections of each client.
        reloading: is locked while the model is reloaded.
    """

    settings: ServerSettings
    metrics: Metrics
    batcher: Batcher
    database: Database
    daily_corrections: DailyLimit
    reloading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def reload_model(self) -> None:
        """Read the model file again and use it from now on.

        Raises:
            ModelError: the file is missing, damaged or of other classes; the previous model stays
                in use.
            Problem: it is being reloaded already (503).
        """
        if self.reloading.locked():
            raise Problem(503, "The model is being reloaded already; try again in a moment.")
        async with self.reloading:
            try:
                served = await asyncio.to_thread(load_served_model, self.settings.model)
                await self.batcher.use_model(served)
            except ModelError as error:
                log.error("the previous model stays in use: %s", error)
                raise
            log.info("model in use: %s", served.name)


def _service_of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


CurrentService = Annotated[Service, Depends(_service_of)]


async def identify_client(
    request: Request,
    service: CurrentService,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> str:
    """Return what identifies a client: its key, or its address if the server has no keys.

    Raises:
        Problem: the server has keys and the client sent none of them (401), or it has none and the
            request is for another host name than this machine's own (421) or comes from the page
            of another site (403).
    """
    settings = service.settings
    if settings.api_keys:
        return _checked_key(settings, credentials.credentials if credentials else "")
    if not settings.open and not is_loopback(request.url.hostname or ""):
        # DNS rebinding: a site whose name resolves to 127.0.0.1 would reach the server through
        # the browser of a person on this machine.
        raise Problem(
            421,
            "Without a key the server accepts requests to localhost only; start it with --api-key "
            "or --open.",
        )
    _reject_other_sites(request, settings.cors_origins)
    return request.client.host if request.client else ""


Client = Annotated[str, Depends(identify_client)]


def _reject_other_sites(request: Request, allowed: tuple[str, ...]) -> None:
    # The page of any site can send a plain POST to any server; the browser only hides the response.
    if request.method in READING_METHODS:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is None:  # browsers send it to HTTPS and localhost only, and programs send neither
        is_foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("Host")
    else:
        is_foreign = site not in OWN_PAGES
    if is_foreign and "*" not in allowed and origin not in allowed:
        raise Problem(
            403,
            "The request comes from the page of another site; start the server with --cors-origin "
            "to allow it.",
        )


def _checked_key(settings: ServerSettings, given: str) -> str:
    # All keys are compared, each in constant time, so that timing does not reveal them.
    matches = [
        secrets.compare_digest(given.encode(), key.get_secret_value().encode())
        for key in settings.api_keys
    ]
    if not any(matches):
        raise Problem(401, "A key is required; send it as Authorization: Bearer KEY.")
    return given
