"""Reads many pictures with one process per core, in order."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2

from tendigits.errors import TendigitsError, delayed_interrupts
from tendigits.reading.pages import PageReader, PageResult, ReadSettings
from tendigits.reading.sources import Source

# Pictures for each process that are read ahead of the first one that is not finished.
AHEAD = 8


def read_in_processes(
    sources: Sequence[Source], settings: ReadSettings, processes: int
) -> Generator[list[PageResult]]:
    """Yield the pages of each picture, in order; close the generator to stop the processes.

    Only a few pictures for each process are under way at any time.

    Raises:
        TendigitsError: a process has died.
    """
    # Spawned, as threads of ONNX Runtime do not survive a fork.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, context, _start_worker)
    waiting: deque[_Waiting] = deque()
    try:
        for source in sources:
            waiting.append(_Waiting(source.name, _submit(pool, settings, source)))
            if len(waiting) == AHEAD * processes:
                yield _finished(waiting)
        while waiting:
            yield _finished(waiting)
    except BrokenProcessPool as error:
        where = f", at {waiting[0].name} or soon after it" if waiting else ""
        raise TendigitsError(
            f"A process that reads pictures has died{where}, perhaps for lack of memory; use fewer "
            "--jobs."
        ) from error
    finally:
        if waiting:
            for process in multiprocessing.active_children():
                process.kill()
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class _Waiting:
    name: str
    future: Future[list[PageResult]]


def _submit(
    pool: ProcessPoolExecutor, settings: ReadSettings, source: Source
) -> Future[list[PageResult]]:
    picture = source.picture()
    with delayed_interrupts():  # a process that is about to start would print where it was
        return pool.submit(_read_pages, settings, source.name, picture)


def _finished(waiting: deque[_Waiting]) -> list[PageResult]:
    """Wait for the first picture, and remove it when it is finished."""
    pages = waiting[0].future.result()
    waiting.popleft()
    return pages


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it cannot be blocked
    cv2.setNumThreads(1)  # the other cores have processes of their own
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when its parent was killed; it would wait for pictures forever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read_pages(settings: ReadSettings, name: str, picture: Path | bytes) -> list[PageResult]:
    return list(_page_reader(settings).read(name, picture))


@cache
def _page_reader(settings: ReadSettings) -> PageReader:
    return PageReader(settings, threads=1)
