import asyncio
import io
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import numpy as np
import pytest
from PIL import Image

from server_process import png
from tendigits.data import Dataset
from tendigits.server import batching, lanes
from tendigits.server.batching import Batcher
from tendigits.server.monitoring import Metrics
from tendigits.server.problems import Problem
from tendigits.server.served_model import load_served_model
from tendigits.server.settings import load_settings
from tendigits.server.tasks import Outcome, Picture, ReadPicture, Rejected, Task
from tendigits.server.workers import Worker

SERVED = load_served_model("tiny")


@pytest.fixture(scope="module")
def pictures(mnist: Dataset) -> list[Picture]:
    return [Picture(str(number), png(mnist.test.images[number])) for number in range(100)]


def test_each_picture_gets_its_own_outcome(pictures: list[Picture], mnist: Dataset) -> None:
    async def work(batcher: Batcher) -> None:
        outcomes = await asyncio.gather(*(batcher.run([each], "a") for each in pictures))
        results = [each.results[0] for (each,) in outcomes if isinstance(each, ReadPicture)]
        assert [result.file for result in results] == [picture.name for picture in pictures]
        expected = [str(label) for label in mnist.test.labels[:100]]
        read = [result.text for result in results]
        assert sum(map(str.__eq__, read, expected)) > 90

    run(work)


def test_queued_pictures_are_sent_as_one_batch_when_a_worker_is_free() -> None:
    # Empty ones, as a batch that takes more than a second is cut short.
    blank = Picture("blank", np.zeros((28, 28), np.uint8))

    async def work(batcher: Batcher) -> None:
        await asyncio.gather(*(batcher.run([blank], "a") for _ in range(100)))
        sizes = batch_sizes(batcher)
        assert sizes["count"] <= 6  # the first picture alone, then what was queued meanwhile
        assert sizes["sum"] == 100
        assert sizes["32.0"] == sizes["count"]  # none is larger than 32

    run(work)


def test_a_single_picture_does_not_wait_for_others(pictures: list[Picture]) -> None:
    async def work(batcher: Batcher) -> None:
        await batcher.run(pictures[:1], "a")
        started = time.monotonic()
        for _ in range(10):
            await batcher.run(pictures[:1], "a")
        assert (time.monotonic() - started) / 10 < 0.2
        assert batch_sizes(batcher)["1.0"] == 11

    run(work)


def test_a_large_picture_closes_its_batch(pictures: list[Picture]) -> None:
    content = pictures[0].content
    assert isinstance(content, bytes)
    large = Picture("large", content + bytes(lanes.BATCH_BYTES))

    async def work(batcher: Batcher) -> None:
        waiting = [pictures[0], large, *pictures[1:4]]
        await asyncio.gather(*(batcher.run([each], "a") for each in waiting))
        sizes = batch_sizes(batcher)
        assert (sizes["2.0"], sizes["count"], sizes["sum"]) == (
            1,
            2,
            5,
        )  # a batch of two, then one of three

    run(work)


def test_a_document_is_a_batch_of_its_own(pictures: list[Picture], mnist: Dataset) -> None:
    file = io.BytesIO()
    Image.fromarray(mnist.test.images[0]).save(file, "TIFF")
    document = Picture("document", file.getvalue())

    async def work(batcher: Batcher) -> None:
        waiting = [*pictures[:2], document, *pictures[2:4], document]
        outcomes = await asyncio.gather(*(batcher.run([each], "a") for each in waiting))
        results = [each.results[0].file for (each,) in outcomes if isinstance(each, ReadPicture)]
        assert results == ["0", "1", "document", "2", "3", "document"]
        sizes = batch_sizes(batcher)
        # The documents are in the slow lane.
        assert (sizes["1.0"], sizes["4.0"], sizes["count"]) == (2, 3, 3)

    run(work)


def test_tasks_that_were_not_begun_are_queued_again(
    pictures: list[Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_all = Worker.run

    async def run_one(worker: Worker, tasks: Sequence[Task]) -> list[Outcome]:
        return await run_all(worker, tasks[:1])

    async def work(batcher: Batcher) -> None:
        monkeypatch.setattr(Worker, "run", run_one)
        outcomes = await asyncio.gather(*(batcher.run([each], "a") for each in pictures[:9]))
        results = [each.results[0].file for (each,) in outcomes if isinstance(each, ReadPicture)]
        assert results == [picture.name for picture in pictures[:9]]

    run(work)


def test_too_many_pictures_are_rejected_at_once(pictures: list[Picture]) -> None:
    async def work(batcher: Batcher) -> None:
        first = asyncio.create_task(batcher.run(pictures[:1], "a"))
        await asyncio.sleep(0)
        with pytest.raises(Problem) as raised:
            await batcher.run(pictures[:5], "a")  # with the first, more than half of the queue
        assert raised.value.status == 429
        with pytest.raises(Problem) as raised:
            await batcher.run(pictures[:11], "b")
        assert raised.value.status == 503
        assert len(await batcher.run(pictures[:4], "a")) == 4
        await first
        assert len(await batcher.run(pictures[:6], "a")) == 6  # nothing of it is queued

    run(work, queue=10)


def test_pictures_of_a_client_that_has_gone_are_not_counted(pictures: list[Picture]) -> None:
    async def work(batcher: Batcher) -> None:
        gone = [asyncio.create_task(batcher.run([each], "a")) for each in pictures[:5]]
        await asyncio.sleep(0)
        for task in gone:
            task.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
        assert len(await batcher.run(pictures[:5], "a")) == 5
        assert not batcher._tasks_of

    run(work, queue=10)


def test_a_picture_that_is_queued_too_long_is_rejected(
    pictures: list[Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "QUEUE_TIMEOUT", 0.0)

    async def work(batcher: Batcher) -> None:
        with pytest.raises(Problem) as raised:
            await batcher.run(pictures[:1], "a")
        assert raised.value.status == 503

    run(work)


def test_the_model_is_replaced_while_pictures_are_read(pictures: list[Picture]) -> None:
    async def work(batcher: Batcher) -> None:
        reading = [asyncio.create_task(batcher.run([each], "a")) for each in pictures]
        await batcher.use_model(load_served_model("mlp"))
        assert batcher.model.info.name == "mlp"
        assert all(
            isinstance(outcome, ReadPicture) for (outcome,) in await asyncio.gather(*reading)
        )
        assert isinstance((await batcher.run(pictures[:1], "a"))[0], ReadPicture)

    run(work)


def test_no_worker_is_lost_after_an_unexpected_error(
    mnist: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.BytesIO()
    Image.fromarray(mnist.test.images[0]).save(file, "TIFF")
    document = Picture("in the slow lane", file.getvalue())
    receive = Worker._receive

    def fail_once(*_: object) -> Outcome | None:
        monkeypatch.setattr(Worker, "_receive", receive)
        raise OverflowError

    async def work(batcher: Batcher) -> None:
        monkeypatch.setattr(Worker, "_receive", fail_once)
        (lost,) = await batcher.run([document], "a")
        assert isinstance(lost, Rejected)
        assert lost.status == 503
        assert isinstance((await batcher.run([document], "a"))[0], ReadPicture)

    run(work)


def run(work: Callable[[Batcher], Awaitable[None]], queue: int = 1000) -> None:
    """Do `work` with a batcher of one worker."""

    async def with_batcher() -> None:
        async with started(queue) as batcher:
            await work(batcher)

    asyncio.run(with_batcher())


@asynccontextmanager
async def started(queue: int) -> AsyncIterator[Batcher]:
    batcher = Batcher(load_settings({"workers": 1, "queue": queue}), SERVED, Metrics())
    await batcher.start()
    try:
        yield batcher
    finally:
        await batcher.stop()


def batch_sizes(batcher: Batcher) -> dict[str, float]:
    """Return the number of batches, the sum of their sizes, and the counts up to each size."""
    samples = next(iter(batcher._metrics.batch_size.collect())).samples
    return {each.labels.get("le") or each.name.rpartition("_")[2]: each.value for each in samples}
