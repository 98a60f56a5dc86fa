"""What is told while a run goes on."""

from typing import Protocol


class Reporter(Protocol):
    """Is told what happens during a run."""

    def say(self, text: str) -> None:
        """Show lines that stay."""

    def step(self, title: str, done: int, total: int) -> None:
        """Show that `done` of `total` steps of what `title` names are done."""


class Silent:
    """Says nothing."""

    def say(self, text: str) -> None:
        """Say nothing."""

    def step(self, title: str, done: int, total: int) -> None:
        """Say nothing."""
