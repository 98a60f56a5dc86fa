"""`tendigits read` without options, which imports no Typer; and what both ways share."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tendigits.errors import delayed_interrupts

if TYPE_CHECKING:
    from tendigits.reading.command import ReadCommand


def read_without_options(words: Sequence[str]) -> None:
    """Read the pictures that `words` name, as `tendigits read` does without options."""
    with delayed_interrupts():
        from tendigits.reading.command import Outputs, ReadCommand
        from tendigits.reading.pages import ReadSettings
        from tendigits.reading.reader import DEFAULT_MODEL

    read_pictures(words, ReadCommand(ReadSettings(DEFAULT_MODEL), Outputs(), os.cpu_count() or 1))


def read_pictures(words: Sequence[str], command: "ReadCommand") -> None:
    """Read the pictures that `words` name.

    Raises:
        SystemExit: with the exit code of the command, unless it is 0.
        TendigitsError: a folder has no pictures, or the command failed.
    """
    from tendigits.reading.sources import find_sources

    sources = find_sources(words)
    with progress_bar(len(sources)) as step:
        exit_code = command.read_all(sources, step)
    if exit_code:
        raise SystemExit(exit_code)


@contextmanager
def progress_bar(total: int) -> Iterator[Callable[[str, int, int], None]]:
    """Yield a progress callback, which draws on stderr where stdout is a file or a pipe."""
    if total == 1 or sys.stdout.isatty() or not sys.stderr.isatty():
        yield lambda *_: None  # without rich, whose import is slow
        return
    from tendigits.progress import Terminal

    with Terminal(stderr=True) as terminal:
        yield terminal.step
