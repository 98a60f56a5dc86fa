"""The lock of a run folder: one process at a time trains, tests or exports a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from tendigits.errors import RunError

LOCK_FILE = ".lock"


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of a run folder during a block.

    The system releases it when the process ends, however it ends, so a killed run can be resumed
    at once. The file stays; only the system's lock on it counts. Processes that are forked
    meanwhile do not hold it.

    Raises:
        RunError: another process holds it, or the folder cannot be written.
    """
    lock = FileLock(folder / LOCK_FILE, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise RunError(
            f"The run {folder} is in use by another process; wait until it has ended, or stop it."
        ) from None
    except OSError as error:
        raise RunError(f"The run {folder} cannot be written: {error.strerror}.") from error
    try:
        yield
    finally:
        lock.release()
