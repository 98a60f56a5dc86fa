"""The queue of tasks, and the workers that take what is queued as one batch.

A batch is sent as soon as a worker is free; it does not wait to be filled.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tendigits.errors import ModelError
from tendigits.server.monitoring import Metrics, log
from tendigits.server.problems import Problem
from tendigits.server.served_model import ServedModel
from tendigits.server.settings import ServerSettings
from tendigits.server.tasks import Outcome, Rejected, Task
from tendigits.server.workers import Worker

BATCH_TASKS = 32  # the largest number of tasks in a batch
# A batch is closed by the task with which it reaches this size, so that a drawing does not wait
# for the photos behind it.
BATCH_BYTES = 256 * 1024
QUEUE_TIMEOUT = 30.0  # seconds
CLIENT_FRACTION = 0.5  # the largest fraction of the queue that one client may use
BUSY = "The server has too many pictures in its queue; try again in a moment."


@dataclass(frozen=True, eq=False)
class Queued:
    """A task in the queue, and the future of its outcome."""

    task: Task
    outcome: "asyncio.Future[Outcome]"


class Batcher:
    """Sends queued tasks to workers in batches, with one model at a time.

    Attributes:
        model: the model in use.
    """

    def __init__(self, settings: ServerSettings, model: ServedModel, metrics: Metrics) -> None:
        self.model = model
        self._settings = settings
        self._metrics = metrics
        self._queue: asyncio.Queue[Queued] = asyncio.Queue()
        self._next: Queued | None = None  # taken from the queue, and to be sent by itself
        self._free: asyncio.Queue[Worker] = asyncio.Queue()
        self._tasks_of: Counter[str] = Counter()
        self._running: set[asyncio.Task[None]] = set()
        self._changing = asyncio.Lock()

    @property
    def is_full(self) -> bool:
        """Whether the queue is full."""
        return self._queue.qsize() >= self._settings.queue

    async def start(self) -> None:
        """Start the workers."""
        await self.use_model(self.model)
        self._dispatcher = asyncio.create_task(self._dispatch())

    async def use_model(self, model: ServedModel) -> None:
        """Use `model` from now on; batches that were sent before finish with the previous one.

        Raises:
            ModelError: the workers do not start with it; the previous model stays in use.
        """
        async with self._changing:
            pixel_limit = self._settings.pixel_limit
            workers = [Worker(model, pixel_limit) for _ in range(self._settings.workers)]
            await _start_all(workers)
            self.model = model
            previous = [self._free.get_nowait() for _ in range(self._free.qsize())]
            for worker in workers:
                self._free.put_nowait(worker)
            await asyncio.gather(*(worker.stop() for worker in previous))

    async def stop(self) -> None:
        """Wait for the batches that were sent, then stop all workers."""
        self._dispatcher.cancel()
        await asyncio.gather(*self._running)
        while not self._free.empty():
            await self._free.get_nowait().stop()

    async def run(self, tasks: Sequence[Task], client: str) -> list[Outcome]:
        """Return the outcome of each of `tasks`.

        Args:
            tasks: they may be sent in several batches.
            client: identifies the client that sent them.

        Raises:
            Problem: too many tasks of this client (429) or of all clients (503) are queued, or the
                outcome took too long (503).
        """
        self._check_limits(len(tasks), client)
        loop = asyncio.get_running_loop()
        queued = [Queued(task, loop.create_future()) for task in tasks]
        self._tasks_of[client] += len(queued)
        try:
            for each in queued:
                self._queue.put_nowait(each)
            self._metrics.queue.set(self._queue.qsize())
            async with asyncio.timeout(QUEUE_TIMEOUT):
                return [await each.outcome for each in queued]
        except TimeoutError:
            raise Problem(503, BUSY) from None
        finally:
            for each in queued:
                each.outcome.cancel()
            self._tasks_of[client] -= len(queued)
            self._tasks_of += Counter()  # removes clients without tasks

    def _check_limits(self, added: int, client: str) -> None:
        if self._queue.qsize() + added > self._settings.queue:
            raise Problem(503, BUSY)
        if self._tasks_of[client] + added > CLIENT_FRACTION * self._settings.queue:
            raise Problem(
                429, "You have too many pictures in the queue; send more when these are read."
            )

    async def _dispatch(self) -> None:
        while True:
            first, self._next = self._next or await self._queue.get(), None
            worker = await self._free.get()
            batch = self._next_batch(first)
            if not batch:
                await self._release(worker)
                continue
            running = asyncio.create_task(self._run_batch(worker, batch))
            self._running.add(running)
            running.add_done_callback(self._running.discard)

    def _next_batch(self, first: Queued) -> list[Queued]:
        """Return `first` and the tasks behind it, up to one worker's part of the queue.

        Documents, which take long, are alone. Tasks whose client has gone are left out.
        """
        part = -(-(1 + self._queue.qsize()) // self._settings.workers)
        batch = [first]
        size = first.task.size
        is_open = not first.task.can_have_pages
        while is_open and len(batch) < min(part, BATCH_TASKS) and size < BATCH_BYTES:
            following = self._queue.get_nowait()
            if following.task.can_have_pages:
                self._next = following
                break
            batch.append(following)
            size += following.task.size
        self._metrics.queue.set(self._queue.qsize())
        return [each for each in batch if not each.outcome.done()]

    async def _run_batch(self, worker: Worker, batch: list[Queued]) -> None:
        self._metrics.batch_size.observe(len(batch))
        outcomes: Sequence[Outcome]
        try:
            outcomes = await worker.run([each.task for each in batch])
            has_died = False
        except (OSError, EOFError):
            outcomes = [Rejected(503, "Reading was interrupted; try again.")] * len(batch)
            has_died = True
        for each in batch[len(outcomes) :]:  # the first ones took long
            self._queue.put_nowait(each)
        for each, outcome in zip(batch, outcomes, strict=False):
            if isinstance(outcome, Rejected) and outcome.traceback:
                log.error("a picture caused an unhandled exception: %s", outcome.traceback)
            if not each.outcome.done():
                each.outcome.set_result(outcome)
        if has_died:
            await _restart(worker)
        await self._release(worker)

    async def _release(self, worker: Worker) -> None:
        """Make a worker available for another batch, or stop it if its model was replaced."""
        if worker.model is self.model:
            self._free.put_nowait(worker)
        else:
            await worker.stop()


async def _start_all(workers: Sequence[Worker]) -> None:
    try:
        await asyncio.gather(*(worker.start() for worker in workers))
    except (OSError, EOFError) as error:
        await asyncio.gather(*(worker.stop() for worker in workers))
        raise ModelError("No worker can be started; see the output above.") from error


async def _restart(worker: Worker) -> None:
    """Start a worker that has died; try until it starts."""
    log.error("a worker has died; starting it again")
    while True:
        try:
            await worker.start()
        except (OSError, EOFError):
            log.exception("the worker does not start")
            await asyncio.sleep(1)
        else:
            return
