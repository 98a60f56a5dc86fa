import asyncio
import io
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from paper import on_paper, row
from server_process import is_alive, png, wait_until
from tendigits import Reader
from tendigits.classifiers import load_model_file
from tendigits.data import Dataset
from tendigits.reading.occlusion import Occlusion
from tendigits.reading.schemas import png_data_url
from tendigits.server.served_model import ServedModel, load_served_model
from tendigits.server.workers import (
    FrameToOcclude,
    Picture,
    ReadPicture,
    Rejected,
    Worker,
    run_task,
)

LIMIT = 1_000_000


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.fixture(scope="module")
def served() -> ServedModel:
    return load_served_model("tiny")


def test_the_outcome_of_a_picture_is_its_result_and_its_frames(
    reader: Reader, mnist: Dataset
) -> None:
    content = png(on_paper(row(mnist.test.images[:3])))
    outcome = run_task(reader, Picture("a.png", content), LIMIT)
    assert isinstance(outcome, ReadPicture)
    assert (outcome.result.file, outcome.result.text) == ("a.png", "721")
    assert outcome.frames.shape == (3, 28, 28)
    assert all(digit.frame is None for digit in outcome.result.digits)


def test_requested_frames_and_probabilities_are_those_of_the_reader(
    reader: Reader, mnist: Dataset
) -> None:
    outcome = run_task(reader, Picture("-", mnist.test.images[0], frames=True), LIMIT)
    assert isinstance(outcome, ReadPicture)
    (digit,) = outcome.result.digits
    assert digit.frame == png_data_url(outcome.frames[0])
    assert digit.probabilities is not None
    assert digit.probabilities[7] == digit.confidence
    assert sum(digit.probabilities) <= 1.00001


def test_an_empty_picture_has_no_frames(reader: Reader) -> None:
    outcome = run_task(reader, Picture("-", np.zeros((28, 28), np.uint8), frames=True), LIMIT)
    assert isinstance(outcome, ReadPicture)
    assert (outcome.result.status, outcome.frames.shape) == ("empty", (0, 28, 28))


def test_a_frame_gets_an_occlusion_map(reader: Reader, mnist: Dataset) -> None:
    outcome = run_task(reader, FrameToOcclude(mnist.test.images[0]), LIMIT)
    assert isinstance(outcome, Occlusion)
    assert (outcome.label, outcome.hidden.shape) == (7, (14, 14))


def test_a_format_that_pillow_passes_to_another_program_is_rejected(reader: Reader) -> None:
    file = io.BytesIO()
    Image.new("L", (9, 9)).save(file, "EPS")
    outcome = run_task(reader, Picture("-", file.getvalue()), LIMIT)
    assert isinstance(outcome, Rejected)
    assert outcome.status == 415


def test_pixels_are_counted_before_a_picture_is_decoded(reader: Reader) -> None:
    cut_off = png(np.zeros((1000, 1001), np.uint8))[:200]
    outcome = run_task(reader, Picture("-", cut_off), LIMIT)
    assert outcome == Rejected(413, "The picture has 1,001,000 pixels; send at most 1,000,000.")


def test_an_unexpected_error_is_an_outcome_with_a_traceback(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(reader, "read", fail)
    outcome = run_task(reader, Picture("-", np.zeros((28, 28), np.uint8)), LIMIT)
    assert isinstance(outcome, Rejected)
    assert outcome.status == 422
    assert "ZeroDivisionError" in outcome.traceback


def test_a_worker_returns_the_outcomes_of_a_batch_in_order(
    served: ServedModel, mnist: Dataset
) -> None:
    tasks = [Picture(str(number), png(mnist.test.images[number])) for number in range(5)]

    async def work(worker: Worker) -> None:
        outcomes = await worker.run([*tasks, FrameToOcclude(mnist.test.images[0])])
        *pictures, occlusion = outcomes
        names = [each.result.file for each in pictures if isinstance(each, ReadPicture)]
        assert names == ["0", "1", "2", "3", "4"]
        assert isinstance(occlusion, Occlusion)

    run(served, work)


def test_a_worker_that_died_raises_an_error_and_can_be_started_again(
    served: ServedModel, mnist: Dataset
) -> None:
    tasks = [Picture("-", mnist.test.images[0])]

    async def work(worker: Worker) -> None:
        first = pid_of(worker)
        os.kill(first, signal.SIGKILL)
        with pytest.raises((EOFError, OSError)):
            await worker.run(tasks)
        await worker.start()
        assert pid_of(worker) != first
        assert isinstance((await worker.run(tasks))[0], ReadPicture)

    run(served, work)


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
        worker = Worker(broken, LIMIT)
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
        worker = Worker(served, LIMIT)
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


def test_a_result_that_is_not_valid_json_is_an_outcome_and_not_an_exception(mnist: Dataset) -> None:
    broken = replace(
        load_model_file("tiny"),
        logits=lambda images: np.full((len(images), 10), np.nan, np.float32),
    )
    outcome = run_task(Reader(broken, threshold=0.0), Picture("-", mnist.test.images[0]), LIMIT)
    assert isinstance(outcome, Rejected)
    assert "ValidationError" in outcome.traceback
