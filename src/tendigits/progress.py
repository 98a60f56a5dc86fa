"""Progress of long work: lines of output and, on a terminal, a progress bar below them."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # rich is imported when something is shown, as importing it takes a while
    from rich.progress import Progress, TaskID

_SECONDS_BETWEEN_FRAMES = 0.1


class Reporter(Protocol):
    """Receives the progress of long work."""

    def say(self, text: str) -> None:
        """Print lines of output."""

    def step(self, title: str, done: int, total: int) -> None:
        """Show that `done` of `total` steps of the work called `title` are done."""


class Silent:
    """A reporter that shows nothing."""

    def say(self, text: str) -> None:
        """Do nothing."""

    def step(self, title: str, done: int, total: int) -> None:
        """Do nothing."""


class Terminal:
    """A reporter that prints to standard output, with a progress bar where it is a terminal."""

    def __init__(self, *, stderr: bool = False) -> None:
        """Print to standard output, or to standard error where results go to standard output."""
        from rich.console import Console  # noqa: PLC0415

        self._console = Console(
            highlight=False, soft_wrap=True, markup=False, emoji=False, stderr=stderr
        )
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._next_frame = 0.0

    def __enter__(self) -> "Terminal":
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the progress bar."""
        self._end_bar()

    def say(self, text: str) -> None:
        """Print lines of output."""
        self._end_bar()
        self._console.print(text)

    def step(self, title: str, done: int, total: int) -> None:
        """Show that `done` of `total` steps of the work called `title` are done."""
        if not self._console.is_terminal:
            return
        now = monotonic()
        if now < self._next_frame and done < total:
            return
        self._next_frame = now + _SECONDS_BETWEEN_FRAMES
        self._draw(title, done, total)

    def _draw(self, title: str, done: int, total: int) -> None:
        if self._bar is None or self._task is None:
            self._bar, self._task = self._start_bar(title, total)
        self._bar.update(self._task, description=title, completed=done, total=total, refresh=True)

    def _start_bar(self, title: str, total: int) -> "tuple[Progress, TaskID]":
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
            TimeRemainingColumn(),
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=not self._console.stderr,  # results are printed past the bar
        )
        task = bar.add_task(title, total=total)
        bar.start()
        return bar, task

    def _end_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
        self._bar = self._task = None


@contextmanager
def reporting(*, quiet: bool) -> Iterator[Reporter]:
    """Yield a reporter: the terminal, or a silent one."""
    if quiet:
        yield Silent()
        return
    with Terminal() as terminal:
        yield terminal
