"""The automaton of a pattern.

It is the one of V. M. Glushkov, "The abstract theory of automata" (1961), whose size is that of the
pattern; engines that backtrack, and automata that are made deterministic, can take exponential
time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.images.finder import CHARACTERS

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Pattern:
    """An automaton; each of its n states reads one character.

    Attributes:
        characters: (n, 15), which of CHARACTERS each state reads.
        follow: (n, n), whether the second state can come after the first one.
        first: (n,), whether a number can start with the state.
        last: (n,), whether a number can end with the state.
    """

    characters: Flags
    follow: Flags
    first: Flags
    last: Flags


@dataclass(frozen=True)
class OneOf:
    """One of some characters."""

    characters: frozenset[str]


@dataclass(frozen=True)
class Chain:
    """Patterns, one after the other."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Choice:
    """One of some patterns."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Repeat:
    """A pattern at least, and at most, so many times; None is any number of times."""

    part: "Node"
    least: int
    most: int | None


Node = OneOf | Chain | Choice | Repeat


def count_states(node: Node) -> int:
    """Return the number of states of an automaton: the length of the pattern, written out."""
    if isinstance(node, OneOf):
        return 1
    if isinstance(node, Repeat):
        return count_states(node.part) * _copies(node)
    return sum(count_states(part) for part in node.parts)


def build_automaton(node: Node) -> Pattern:
    """Return the automaton of a pattern that has at least one state."""
    return _Builder(count_states(node)).pattern(node)


def _copies(node: Repeat) -> int:
    return max(1, node.least) if node.most is None else node.most


@dataclass(frozen=True, eq=False)
class _Fragment:
    """A part of the automaton: where it starts and ends, and whether it fits nothing as well."""

    first: Flags
    last: Flags
    optional: bool


class _Builder:
    """Builds an automaton from its parts, and numbers the states from left to right."""

    def __init__(self, states: int) -> None:
        self.characters = np.zeros((states, len(CHARACTERS)), bool)
        self.follow = np.zeros((states, states), bool)
        self.used = 0

    def pattern(self, node: Node) -> Pattern:
        whole = self._fragment(node)
        return Pattern(self.characters, self.follow, whole.first, whole.last)

    def _fragment(self, node: Node) -> _Fragment:
        if isinstance(node, OneOf):
            return self._one_of(node.characters)
        if isinstance(node, Chain):
            return self._chain([self._fragment(part) for part in node.parts])
        if isinstance(node, Choice):
            return _choice([self._fragment(part) for part in node.parts])
        return self._repeat(node)

    def _one_of(self, characters: frozenset[str]) -> _Fragment:
        state = np.arange(len(self.follow)) == self.used
        self.characters[self.used] = [each in characters for each in CHARACTERS]
        self.used += 1
        return _Fragment(state, state, optional=False)

    def _chain(self, parts: Sequence[_Fragment]) -> _Fragment:
        nothing = np.zeros(len(self.follow), bool)
        whole = _Fragment(nothing, nothing, optional=True)
        for part in parts:
            self.follow |= np.outer(whole.last, part.first)
            whole = _Fragment(
                whole.first | part.first if whole.optional else whole.first,
                whole.last | part.last if part.optional else part.last,
                whole.optional and part.optional,
            )
        return whole

    def _repeat(self, node: Repeat) -> _Fragment:
        if not count_states(node):  # (){999} has nothing to repeat
            return self._chain([])
        parts = [self._fragment(node.part) for _ in range(_copies(node))]
        if node.most is None:
            self.follow |= np.outer(parts[-1].last, parts[-1].first)
        return self._chain(
            [
                _Fragment(part.first, part.last, part.optional or number >= node.least)
                for number, part in enumerate(parts)
            ]
        )


def _choice(parts: Sequence[_Fragment]) -> _Fragment:
    return _Fragment(
        np.logical_or.reduce([part.first for part in parts]),
        np.logical_or.reduce([part.last for part in parts]),
        any(part.optional for part in parts),
    )
