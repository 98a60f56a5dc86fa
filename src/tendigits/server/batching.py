"""The queue of pictures, and the readers that take from it whatever waits, as one batch.

A batch goes off as soon as a reader is free; nothing waits for it to fill.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tendigits.errors import ModelError
from tendigits.server.logs import log
from tendigits.server.problems import Problem
from tendigits.server.prometheus import Metrics
from tendigits.server.reader_process import Picture, Rejected
from tendigits.server.readers import Outcome, ReaderProcess
from tendigits.server.served_model import ServedModel
from tendigits.server.settings import ServerSettings

# A batch holds no more pictures than this,
MOST_PICTURES = 32
# and is closed by the picture that brings it to so many bytes: drawings don't wait for photos.
MOST_BYTES = 256 * 1024
# A picture that was not read in this time is rejected.
LONGEST_WAIT = 30.0  # seconds
# One client may have no more than this share of the queue.
CLIENT_SHARE = 0.5
BUSY = "The server has too many pictures to read; try again in a moment."


@dataclass(frozen=True, eq=False)
class Waiting:
    """A picture in the queue, and the future that takes what is read in it."""

    picture: Picture
    outcome: "asyncio.Future[Outcome]"


class Batcher:
    """Reads pictures, with one model at a time.

    Attributes:
        model: the one that is read with now.
    """

    def __init__(self, settings: ServerSettings, model: ServedModel, metrics: Metrics) -> None:
        self.model = model
        self._settings = settings
        self._metrics = metrics
        self._queue: asyncio.Queue[Waiting] = asyncio.Queue()
        self._free: asyncio.Queue[ReaderProcess] = asyncio.Queue()
        self._pictures_of: Counter[str] = Counter()
        self._reading: set[asyncio.Task[None]] = set()
        self._changing = asyncio.Lock()

    @property
    def is_full(self) -> bool:
        """Whether no picture more may wait."""
        return self._queue.qsize() >= self._settings.queue

    async def start(self) -> None:
        """Start the readers."""
        await self.put_in_service(self.model)
        self._dispatcher = asyncio.create_task(self._dispatch())

    async def put_in_service(self, model: ServedModel) -> None:
        """Read with `model` from now on; batches under way are read to their end with the old.

        Raises:
            ModelError: no reader starts with it; the old one stays.
        """
        async with self._changing:
            pixel_limit = self._settings.pixel_limit
            readers = [ReaderProcess(model, pixel_limit) for _ in range(self._settings.readers)]
            await _start_all(readers)
            self.model = model
            old = [self._free.get_nowait() for _ in range(self._free.qsize())]
            for reader in readers:
                self._free.put_nowait(reader)
            await asyncio.gather(*(reader.stop() for reader in old))

    async def stop(self) -> None:
        """Read what is under way, then let all readers end."""
        self._dispatcher.cancel()
        await asyncio.gather(*self._reading)
        while not self._free.empty():
            await self._free.get_nowait().stop()

    async def read(self, pictures: Sequence[Picture], client: str) -> list[Outcome]:
        """Return what is read in each of `pictures`.

        Args:
            pictures: they may be read in several batches.
            client: who sent them.

        Raises:
            Problem: the client has (429), or all clients together have (503), too many pictures
                in the queue, or the wait was too long (503).
        """
        self._reject_too_many(len(pictures), client)
        loop = asyncio.get_running_loop()
        waiting = [Waiting(picture, loop.create_future()) for picture in pictures]
        self._pictures_of[client] += len(waiting)
        try:
            for each in waiting:
                self._queue.put_nowait(each)
            self._metrics.queue.set(self._queue.qsize())
            async with asyncio.timeout(LONGEST_WAIT):
                return [await each.outcome for each in waiting]
        except TimeoutError:
            raise Problem(503, BUSY) from None
        finally:
            for each in waiting:
                each.outcome.cancel()
            self._pictures_of[client] -= len(waiting)
            self._pictures_of += Counter()  # forgets who has none

    def _reject_too_many(self, more: int, client: str) -> None:
        if self._queue.qsize() + more > self._settings.queue:
            raise Problem(503, BUSY)
        if self._pictures_of[client] + more > CLIENT_SHARE * self._settings.queue:
            raise Problem(429, "You have too many pictures waiting; send more when these are read.")

    async def _dispatch(self) -> None:
        while True:
            first = await self._queue.get()
            reader = await self._free.get()
            batch = self._batch_from(first)
            if not batch:
                await self._release(reader)
                continue
            task = asyncio.create_task(self._read(reader, batch))
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    def _batch_from(self, first: Waiting) -> list[Waiting]:
        """Return `first` and what waits behind it: a reader's share, of which somebody waits."""
        share = -(-(1 + self._queue.qsize()) // self._settings.readers)
        batch = [first]
        size = _size(first)
        while len(batch) < min(share, MOST_PICTURES) and size < MOST_BYTES:
            batch.append(self._queue.get_nowait())
            size += _size(batch[-1])
        self._metrics.queue.set(self._queue.qsize())
        return [each for each in batch if not each.outcome.done()]

    async def _read(self, reader: ReaderProcess, batch: list[Waiting]) -> None:
        self._metrics.batch_size.observe(len(batch))
        try:
            outcomes = await reader.read([each.picture for each in batch])
            has_died = False
        except (OSError, EOFError):
            outcomes = [Rejected(503, "The reading was cut off; try again.")] * len(batch)
            has_died = True
        for each, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Rejected) and outcome.fault:
                log.error("a picture was not read: %s", outcome.fault)
            if not each.outcome.done():
                each.outcome.set_result(outcome)
        if has_died:
            await _start_anew(reader)
        await self._release(reader)

    async def _release(self, reader: ReaderProcess) -> None:
        """Let a reader be taken for another batch, or end where its model is read with no more."""
        if reader.model is self.model:
            self._free.put_nowait(reader)
        else:
            await reader.stop()


async def _start_all(readers: Sequence[ReaderProcess]) -> None:
    try:
        await asyncio.gather(*(reader.start() for reader in readers))
    except (OSError, EOFError) as error:
        await asyncio.gather(*(reader.stop() for reader in readers))
        raise ModelError("No process that reads can be started; see what it printed.") from error


async def _start_anew(reader: ReaderProcess) -> None:
    """Start a reader that has died; try until it starts."""
    log.error("a reader has died; it is started anew")
    while True:
        try:
            await reader.start()
        except (OSError, EOFError):
            log.exception("it does not start")
            await asyncio.sleep(1)
        else:
            return


def _size(waiting: Waiting) -> int:
    content = waiting.picture.content
    return len(content) if isinstance(content, bytes) else content.nbytes
