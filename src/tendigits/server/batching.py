"""The queue of tasks, and the workers that take what is queued as one batch.

A batch is sent as soon as a worker is free; it does not wait to be filled.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Coroutine, Sequence

from tendigits.errors import ModelError
from tendigits.server.lanes import Batch, Lanes, Queued
from tendigits.server.monitoring import Metrics, log
from tendigits.server.problems import Problem
from tendigits.server.served_model import ServedModel
from tendigits.server.settings import ServerSettings
from tendigits.server.tasks import Outcome, Rejected, Task
from tendigits.server.workers import Worker, WorkerLost

QUEUE_TIMEOUT = 30.0  # seconds
CLIENT_FRACTION = 0.5  # the largest fraction of the queue that one client may use
BUSY = "The server has too many pictures in its queue; try again in a moment."
DOWN = "The processes that read pictures keep dying and are started again; try again in a minute."


class Batcher:
    """Sends queued tasks to workers in batches, with one model at a time.

    Attributes:
        model: the model in use.
    """

    def __init__(self, settings: ServerSettings, model: ServedModel, metrics: Metrics) -> None:
        self.model = model
        self._settings = settings
        self._metrics = metrics
        self._lanes = Lanes(settings.workers)
        self._workers: list[Worker] = []
        self._free: asyncio.Queue[Worker] = asyncio.Queue()
        self._tasks_of: Counter[str] = Counter()
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Whether the queue is full."""
        return len(self._lanes) >= self._settings.queue

    @property
    def workers(self) -> int:
        """How many workers there are, without those that keep dying."""
        return sum(not worker.keeps_dying for worker in self._workers)

    async def start(self) -> None:
        """Start the workers."""
        await self.use_model(self.model)
        self._dispatcher = asyncio.create_task(self._dispatch())

    async def use_model(self, model: ServedModel) -> None:
        """Use `model` from now on; batches that were sent before finish with the previous one.

        One call has to end before the next one begins.

        Raises:
            ModelError: the workers do not start with it; the previous model stays in use.
        """
        settings = self._settings
        workers = [
            Worker(model, settings.pixel_limit, settings.time_limit)
            for _ in range(settings.workers)
        ]
        await _start_all(workers)
        self.model, self._workers = model, workers
        previous = [self._free.get_nowait() for _ in range(self._free.qsize())]
        for worker in workers:
            self._free.put_nowait(worker)
        await asyncio.gather(*(worker.stop() for worker in previous))

    async def stop(self) -> None:
        """Wait for the batches that were sent, then stop all workers."""
        self._dispatcher.cancel()
        self._stopping.set()
        await asyncio.gather(*self._running)
        while not self._free.empty():
            await self._free.get_nowait().stop()

    async def run(self, tasks: Sequence[Task], client: str) -> list[Outcome]:
        """Return the outcome of each of `tasks`.

        Args:
            tasks: they may be sent in several batches.
            client: identifies the client that sent them.

        Raises:
            Problem: too many tasks of this client (429) or of all clients (503) are queued, the
                outcome took too long (503), or no worker is alive (503).
        """
        self._check_limits(len(tasks), client)
        loop = asyncio.get_running_loop()
        queued = [Queued(task, client, loop.create_future()) for task in tasks]
        self._tasks_of[client] += len(queued)
        try:
            for each in queued:
                self._lanes.put(each)
            self._metrics.queue.set(len(self._lanes))
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
        if not self.workers:
            raise Problem(503, DOWN)
        if len(self._lanes) + added > self._settings.queue:
            raise Problem(503, BUSY)
        queued = self._tasks_of[client]
        if queued and queued + added > CLIENT_FRACTION * self._settings.queue:
            raise Problem(
                429, "You have too many pictures in the queue; send more when these are read."
            )

    async def _dispatch(self) -> None:
        while True:
            await self._lanes.wait()
            worker = await self._free.get()
            if not worker.is_alive:  # it has died while it had nothing to do
                self._run_beside(self._replace(worker))
                continue
            batch = self._lanes.take()
            self._metrics.queue.set(len(self._lanes))
            if batch.tasks:
                self._run_beside(self._run_batch(worker, batch))
            else:
                await self._release(worker)

    def _run_beside(self, work: Coroutine[None, None, None]) -> None:
        running = asyncio.create_task(work)
        self._running.add(running)
        running.add_done_callback(self._running.discard)

    async def _run_batch(self, worker: Worker, batch: Batch) -> None:
        self._metrics.batch_size.observe(len(batch.tasks))
        try:
            lost = await self._read(worker, batch)
            if lost is None:
                await self._release(worker)
            else:
                log.error("%s; starting another one", lost, exc_info=lost.__cause__)
                await self._replace(worker, has_died=not lost.was_ended)
        finally:
            self._lanes.finish(batch)

    async def _read(self, worker: Worker, batch: Batch) -> WorkerLost | None:
        """Pass on the outcomes of a batch, and return the error if the worker was lost."""
        lost: WorkerLost | None = None
        try:
            outcomes = await worker.run([each.task for each in batch.tasks])
        except WorkerLost as error:
            outcomes, lost = error.outcomes, error
        if lost is not None and lost.was_ended:
            last = min(len(outcomes), len(batch.tasks)) - 1
            self._lanes.mark_as_slow(batch.tasks[last].client)
        for each in batch.tasks[len(outcomes) :]:  # the first ones took long
            self._lanes.put(each)
        for each, outcome in zip(batch.tasks, outcomes, strict=False):
            if isinstance(outcome, Rejected) and outcome.traceback:
                log.error("a picture caused an unhandled exception: %s", outcome.traceback)
            if not each.outcome.done():
                each.outcome.set_result(outcome)
        return lost

    async def _replace(self, worker: Worker, *, has_died: bool = True) -> None:
        """Start a worker's process again, after a pause if it dies again and again."""
        while worker.model is self.model and not self._stopping.is_set():
            if has_died:
                await self._pause(worker)
            try:
                await worker.start()
            except Exception:
                log.exception("the worker does not start")
                has_died = True
            else:
                worker.keeps_dying = False
                break
        await self._release(worker)

    async def _pause(self, worker: Worker) -> None:
        seconds = worker.count_death()
        if not seconds:
            return
        log.error("a worker has died again; the next one is started in %g s", seconds)
        worker.keeps_dying = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

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
