"""What is queued, in two lanes, so that slow pictures do not keep the workers from the others.

Documents are in the slow lane, and whatever a client sends within a minute after a picture of its
own exceeded the time limit. That lane gets at most half of the workers.
"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass

from tendigits.server.tasks import Outcome, Task

BATCH_TASKS = 32  # the largest number of tasks in a batch
# A batch is closed by the task with which it reaches this size, so that a drawing does not wait
# for the photos behind it.
BATCH_BYTES = 256 * 1024
SECONDS_IN_SLOW_LANE = 60


@dataclass(frozen=True, eq=False)
class Queued:
    """A task in the queue, the client that sent it, and the future of its outcome."""

    task: Task
    client: str
    outcome: "asyncio.Future[Outcome]"


@dataclass(frozen=True, eq=False)
class Batch:
    """Tasks for one worker.

    Attributes:
        tasks: the tasks.
        is_slow: whether it is a single task of the slow lane.
    """

    tasks: list[Queued]
    is_slow: bool


class Lanes:
    """The two lanes."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._most_slow = max(1, workers // 2)
        self._fast: deque[Queued] = deque()
        self._slow: deque[Queued] = deque()
        self._running = 0  # tasks of the slow lane that workers have
        self._slow_was_last = False
        self._slow_until: dict[str, float] = {}
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        """Return how many tasks are queued."""
        return len(self._fast) + len(self._slow)

    def put(self, queued: Queued) -> None:
        """Queue a task behind the others of its lane."""
        is_slow = queued.task.can_have_pages or self._is_slow(queued.client)
        (self._slow if is_slow else self._fast).append(queued)
        self._changed.set()

    def mark_as_slow(self, client: str) -> None:
        """Put what a client sends next into the slow lane, for a minute."""
        now = time.monotonic()
        self._slow_until = {each: end for each, end in self._slow_until.items() if end > now}
        self._slow_until[client] = now + SECONDS_IN_SLOW_LANE

    async def wait(self) -> None:
        """Wait until there is a task that a worker may have."""
        while not (self._fast or self._may_take_slow()):
            self._changed.clear()
            await self._changed.wait()

    def take(self) -> Batch:
        """Return the tasks for one worker; none if their clients have gone.

        The lanes take turns, so that none of them waits for ever for a single worker.
        """
        self._slow_was_last = self._may_take_slow() and not (self._fast and self._slow_was_last)
        return self._take_slow() if self._slow_was_last else self._take_fast()

    def finish(self, batch: Batch) -> None:
        """Say that the worker that had a batch is available again."""
        self._running -= batch.is_slow
        self._changed.set()

    def _take_slow(self) -> Batch:
        first = self._slow.popleft()
        if first.outcome.done():
            return Batch([], is_slow=False)
        self._running += 1
        return Batch([first], is_slow=True)

    def _take_fast(self) -> Batch:
        """Return one worker's part of the fast lane."""
        part = min(BATCH_TASKS, -(-len(self._fast) // self._workers))
        tasks: list[Queued] = []
        size = 0
        while len(tasks) < part and size < BATCH_BYTES:
            tasks.append(self._fast.popleft())
            size += tasks[-1].task.size
        return Batch([each for each in tasks if not each.outcome.done()], is_slow=False)

    def _may_take_slow(self) -> bool:
        return bool(self._slow) and self._running < self._most_slow

    def _is_slow(self, client: str) -> bool:
        return self._slow_until.get(client, 0.0) > time.monotonic()
