"""The most probable number of a given length or pattern.

A number is sought in each line of the picture, in all of its characters: each is either one of its
classes, or no part of the number. Gaps count for nothing, so the number may be written in the
cells of a form. The most probable of all such readings is found by dynamic programming over the
characters and the states of the pattern (A. Viterbi, 1967), and of several lines, the one with the
most probable reading counts.

Its confidence is that of every number (see `numbers`), where everything else in the line counts as
beside it: the probability that the line holds this number, and beside it no digit, and no mark
with which the pattern could start or end. It is not the probability among the readings that fit,
which is high even if none is right.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.errors import PatternError
from tendigits.images.finder import CHARACTERS, DIGITS
from tendigits.reading.automaton import Flags, Pattern
from tendigits.reading.characters import Character, box_around
from tendigits.reading.lines import Line, find_lines
from tendigits.reading.numbers import Number, SpelledNumber
from tendigits.reading.pattern import parse_pattern

MAX_DIGITS = 100
# A reading fits if it is at least this probable, relative to the most probable one without a
# pattern; so no number of three digits fits a line that surely holds four.
LEAST_RATIO = 0.05


def parse_length(text: str) -> tuple[int, int]:
    """Return the smallest and the largest number of digits that "3" or "3-6" stands for.

    Raises:
        PatternError: it is neither, or the numbers are not between 1 and 100.
    """
    found = re.fullmatch(r"([0-9]{1,3})(?:-([0-9]{1,3}))?", text)
    if not found:
        raise PatternError(f"The length {text!r} is invalid; use one such as 3, or 3-6.")
    least, most = int(found[1]), int(found[2] or found[1])
    if not 1 <= least <= most <= MAX_DIGITS:
        raise PatternError(
            f"The length {text!r} is invalid; use 1 to {MAX_DIGITS} digits, the smaller number"
            " first."
        )
    return least, most


def wanted_pattern(length: str | None, pattern: str | None) -> Pattern | None:
    """Return the pattern that a user asks for by a length or by a pattern; None if by neither.

    Args:
        length: a number of digits, such as "3" or "3-6".
        pattern: see `pattern`.

    Raises:
        PatternError: one of them is invalid, or both are given.
    """
    if length is not None and pattern is not None:
        raise PatternError("Both a length and a pattern are given; give one of them.")
    if pattern is not None:
        return parse_pattern(pattern)
    return None if length is None else pattern_of_length(*parse_length(length))


def pattern_of_length(least: int, most: int) -> Pattern:
    """Return the pattern of all numbers that have from `least` to `most` digits."""
    return parse_pattern(rf"-?[.,]?\d([.,/:-]?\d){{{least - 1},{most - 1}}}")


def fit_number(characters: Sequence[Character], pattern: Pattern) -> SpelledNumber | None:
    """Return the most probable number that fits a pattern; None if no number fits.

    Args:
        characters: what was found in a picture, in any order, weak characters included; no two of
            them for the same ink.
        pattern: what the number has to fit.
    """
    fits = [_fit_line(line, pattern) for line in find_lines(characters)]
    found = [fit for fit in fits if fit is not None]
    return max(found, key=lambda fit: fit.number.confidence, default=None)


def _fit_line(line: Line, pattern: Pattern) -> SpelledNumber | None:
    path = _most_probable_path(line.characters, pattern)
    if path.probability <= LEAST_RATIO * _probability_without_pattern(line.characters):
        return None
    own = [line.characters[at] for at, _ in path.steps]
    text = "".join(
        CHARACTERS[int(np.where(pattern.characters[state], each.probabilities, -1).argmax())]
        for each, (_, state) in zip(own, path.steps, strict=True)
    )
    number = Number(text, box_around(own), path.probability, line=0)
    return SpelledNumber(number, tuple(line.indices[at] for at, _ in path.steps))


def _probability_without_pattern(characters: Sequence[Character]) -> float:
    best = [max(1 - each.probability, float(each.probabilities.max())) for each in characters]
    return float(np.prod(best))


@dataclass(frozen=True)
class _Path:
    """A way through a pattern.

    Attributes:
        probability: of these characters, and of no others.
        steps: which characters of the line are read, each with the state that reads it.
    """

    probability: float
    steps: tuple[tuple[int, int], ...]


def _most_probable_path(characters: Sequence[Character], pattern: Pattern) -> _Path:
    """Return the most probable path; it has no steps if all have the probability 0."""
    states = len(pattern.first)
    # For each state: the probability of the best path to it, and the last character of that path.
    best, latest = np.zeros(states), np.full(states, -1)
    before_first = 1.0
    before, after = _extensions(pattern.first, pattern), _extensions(pattern.last, pattern)
    probability, end = 0.0, (-1, -1)
    links: list[tuple[NDArray[np.intp], NDArray[np.intp]]] = []
    for at, character in enumerate(characters):
        steps = best[:, None] * pattern.follow
        previous = steps.argmax(axis=0)
        reached = steps[previous, np.arange(states)]
        starts = before_first * pattern.first
        links.append((np.where(starts > reached, -1, latest[previous]), previous))
        read = np.where(pattern.characters, character.probabilities, 0).max(axis=1)
        used = np.maximum(starts, reached) * read
        probability *= 1 - character.probability_of(after)
        before_first *= 1 - character.probability_of(before)
        final = int((used * pattern.last).argmax())
        if used[final] * pattern.last[final] > probability:
            probability, end = float(used[final]), (at, final)
        skipped = best * (1 - character.probability)
        latest = np.where(used > skipped, at, latest)
        best = np.maximum(used, skipped)
    return _Path(probability, _followed_back(end, links))


def _extensions(states: Flags, pattern: Pattern) -> str:
    """Return the characters that would belong to the number if they were beside it."""
    read = np.flatnonzero(pattern.characters[states].any(axis=0))
    return "".join(sorted({*DIGITS, *(CHARACTERS[each] for each in read)}))


def _followed_back(
    end: tuple[int, int], links: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]]
) -> tuple[tuple[int, int], ...]:
    steps = []
    at, state = end
    while at >= 0:
        steps.append((at, state))
        characters, states = links[at]
        at, state = int(characters[state]), int(states[state])
    return tuple(reversed(steps))
