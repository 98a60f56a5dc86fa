import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from server_process import is_alive, png, wait_until
from tendigits import Reader
from tendigits.classifiers.model_file import load_model_bytes
from tendigits.data import Dataset
from tendigits.reading.occlusion import Occlusion
from tendigits.server import workers
from tendigits.server.served_model import ServedModel, load_served_model
from tendigits.server.tasks import FrameToOcclude, Picture, ReadPicture, Rejected
from tendigits.server.workers import LONGEST_PAUSE, Worker, WorkerLost, run_batch

LIMIT = 1_000_000
SECONDS = 20.0


@pytest.fixture(scope="module")
def served() -> ServedModel:
    return load_served_model("tiny")


def test_a_worker_returns_the_outcomes_of_a_batch_in_order(
    served: ServedModel, mnist: Dataset
) -> None:
    tasks = [Picture(str(number), png(mnist.test.images[number])) for number in range(5)]

    async def work(worker: Worker) -> None:
        outcomes = await worker.run([*tasks, FrameToOcclude(mnist.test.images[0])])
        *pictures, occlusion = outcomes
        names = [each.results[0].file for each in pictures if isinstance(each, ReadPicture)]
        assert names == ["0", "1", "2", "3", "4"]
        assert isinstance(occlusion, Occlusion)

    run(served, work)


def test_tasks_that_take_long_do_not_keep_the_others_of_their_batch(
    served: ServedModel, mnist: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader(load_model_bytes(served.content, "tiny", threads=1), threads=1)
    tasks = [Picture(str(number), mnist.test.images[number]) for number in range(3)]
    assert len(list(run_batch(reader, tasks, LIMIT))) == 3
    monkeypatch.setattr(workers, "BATCH_SECONDS", 0.0)
    assert len(list(run_batch(reader, tasks, LIMIT))) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux, which limits the memory")
def test_a_picture_that_needs_more_memory_than_a_worker_may_take_is_rejected() -> None:
    script = """
        import io, sys
        from PIL import Image
        from tendigits import PictureError
        from tendigits.images import decode
        from tendigits.server.workers import limit_memory
        files = [io.BytesIO(), io.BytesIO()]
        for file, side in zip(files, (5000, 50)):
            Image.new("RGB", (side, side)).save(file, "PNG")
        limit_memory(80_000_000)
        for file in files:
            try:
                print(decode(file.getvalue()).grey.shape)
            except PictureError as error:
                print(error)
    """
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines() == [
        "the picture needs too much memory; give a smaller one.",
        "(50, 50)",
    ]


def test_a_worker_that_died_raises_an_error_and_can_be_started_again(
    served: ServedModel, mnist: Dataset
) -> None:
    tasks = [Picture("-", mnist.test.images[0])]

    async def work(worker: Worker) -> None:
        first = pid_of(worker)
        os.kill(first, signal.SIGKILL)
        with pytest.raises(WorkerLost) as lost:
            await worker.run(tasks)
        assert not lost.value.was_ended
        assert [each.status for each in lost.value.outcomes if isinstance(each, Rejected)] == [503]
        await worker.start()
        assert pid_of(worker) != first
        assert isinstance((await worker.run(tasks))[0], ReadPicture)

    run(served, work)


def test_a_worker_that_does_not_receive_its_batch_is_ended(
    served: ServedModel, mnist: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A large batch, so that the process is killed before it has received all of it.
    tasks = [Picture("-", mnist.test.images[0]), Picture("-", np.zeros((4000, 4000), np.uint8))]

    async def work(worker: Worker) -> None:
        monkeypatch.setattr(worker, "_time_limit", 1.0)
        os.kill(pid_of(worker), signal.SIGSTOP)
        with pytest.raises(WorkerLost) as lost:
            await worker.run(tasks)
        assert [each.status for each in lost.value.outcomes if isinstance(each, Rejected)] == [503]
        wait_until(lambda: not worker.is_alive)  # it was killed a moment ago

    run(served, work)


def test_a_worker_that_dies_before_it_has_received_its_model_raises_an_error(
    served: ServedModel,
) -> None:
    large = ServedModel(bytes(10_000_000), served.info, "large", None)

    async def start_and_kill() -> None:
        worker = Worker(large, LIMIT, SECONDS)
        starting = asyncio.create_task(worker.start())
        while not worker.is_alive:
            await asyncio.sleep(0.001)
        os.kill(pid_of(worker), signal.SIGKILL)
        with pytest.raises((EOFError, OSError)):
            await asyncio.wait_for(starting, 10)
        await worker.stop()

    asyncio.run(start_and_kill())


def test_pauses_before_a_worker_is_started_again_grow_up_to_a_limit(served: ServedModel) -> None:
    worker = Worker(served, LIMIT, SECONDS)
    pauses = [worker.count_death() for _ in range(8)]
    assert pauses == [0, 1, 2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE]
    worker._started -= workers.SECONDS_TO_TRUST + 1
    assert worker.count_death() == 0


def test_a_worker_ignores_ctrl_c_and_ends_when_it_is_stopped(
    served: ServedModel, mnist: Dataset
) -> None:
    pids = []

    async def work(worker: Worker) -> None:
        pids.append(pid_of(worker))
        os.kill(pids[0], signal.SIGINT)
        outcomes = await worker.run([Picture("-", mnist.test.images[0])])
        assert isinstance(outcomes[0], ReadPicture)
        assert is_alive(pids[0])

    run(served, work)
    wait_until(lambda: not is_alive(pids[0]))


def test_a_worker_that_cannot_load_its_model_does_not_start(served: ServedModel) -> None:
    broken = ServedModel(b"not a model", served.info, "broken", None)

    async def start() -> None:
        worker = Worker(broken, LIMIT, SECONDS)
        with pytest.raises((EOFError, OSError)):
            await worker.start()
        await worker.stop()

    asyncio.run(start())


def test_a_worker_imports_neither_the_server_s_libraries_nor_torch() -> None:
    script = (
        "import sys, tendigits.server.workers;"
        "loaded = {'fastapi', 'sqlalchemy', 'uvicorn', 'torch', 'matplotlib'} & set(sys.modules);"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def run(served: ServedModel, work: Callable[[Worker], Awaitable[None]]) -> None:
    """Do `work` with a worker that was started, and stop it."""

    async def with_worker() -> None:
        worker = Worker(served, LIMIT, SECONDS)
        await worker.start()
        try:
            await work(worker)
        finally:
            await worker.stop()

    asyncio.run(with_worker())


def pid_of(worker: Worker) -> int:
    assert worker._process is not None
    assert worker._process.pid is not None
    return worker._process.pid
