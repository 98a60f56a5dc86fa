"""What a person sees: lines that stay, and on a terminal a live bar below them."""

from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

_SECONDS_BETWEEN_FRAMES = 0.1


class Terminal:
    """A reporter: lines to standard output, and a bar where that is a terminal."""

    def __init__(self, *, stderr: bool = False) -> None:
        """Write to standard output, or to standard error where results go to the former."""
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
        """Leave the terminal as it was."""
        self._end_bar()

    def say(self, text: str) -> None:
        """Show lines that stay."""
        self._end_bar()
        self._console.print(text)

    def step(self, title: str, done: int, total: int) -> None:
        """Show that `done` of `total` of what `title` names is done."""
        if not self._console.is_terminal:
            return
        now = monotonic()
        if now < self._next_frame and done < total:
            return
        self._next_frame = now + _SECONDS_BETWEEN_FRAMES
        self._draw(title, done, total)

    def _draw(self, title: str, done: int, total: int) -> None:
        if self._bar is None or self._task is None:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
                TimeRemainingColumn(),
                console=self._console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=not self._console.stderr,  # answers go their own way
            )
            self._task = self._bar.add_task(title, total=total)
            self._bar.start()
        self._bar.update(self._task, description=title, completed=done, total=total, refresh=True)

    def _end_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
        self._bar = self._task = None
