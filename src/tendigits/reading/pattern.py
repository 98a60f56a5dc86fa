r"""Patterns of numbers: a part of the regular expressions.

    0 , - / :       these characters themselves; a point is `\.` or `[.]`
    .               any character of a number
    \d              any digit, also within [...]
    [0-9] [13-5]    one of these characters; a range goes from digit to digit
    [^0]            any other character of a number
    (...|...)       one of these patterns
    ? * +           the item before it: at most once, any number of times, at least once
    {3} {2,4} {2,}  3 times, 2 to 4 times, at least twice

A pattern stands for the whole number, so `^` and `$` are not needed. What it shares with Python's
`re` means the same there.
"""

import re

from tendigits.errors import PatternError
from tendigits.images.finder import CHARACTERS, DIGITS
from tendigits.reading.automaton import (
    Chain,
    Choice,
    Node,
    OneOf,
    Pattern,
    Repeat,
    build_automaton,
    count_states,
)

MAX_LENGTH = 100
# The most states: the length of the pattern with all repetitions written out.
MAX_STATES = 250
_QUANTIFIER = re.compile(r"[?*+]|\{(?P<least>[0-9]{1,3})(?P<more>,(?P<most>[0-9]{1,3})?)?\}")
_SIGNS: dict[str, tuple[int, int | None]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}


def parse_pattern(text: str) -> Pattern:
    """Return the automaton of a pattern.

    Raises:
        PatternError: it is not a pattern as described above, or it is too long.
    """
    if len(text) > MAX_LENGTH:
        raise PatternError(f"The pattern is too long; use at most {MAX_LENGTH} characters.")
    node = _Parser(text).parse()
    states = count_states(node)
    if not states:
        raise PatternError(f"The pattern {text!r} fits no number; write one such as [0-9]{{3}}.")
    if states > MAX_STATES:
        raise PatternError(
            f"The pattern {text!r} is too long; use at most {MAX_STATES} characters, repetitions"
            " included."
        )
    return build_automaton(node)


class _Parser:
    """Parses a pattern from left to right, by recursive descent."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def parse(self) -> Node:
        node = self._choice()
        if self.at < len(self.text):
            raise self._error("has a ) without a (; remove it")
        return node

    def _choice(self) -> Node:
        parts = [self._chain()]
        while self._take("|"):
            parts.append(self._chain())
        return Choice(tuple(parts))

    def _chain(self) -> Node:
        parts: list[Node] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            parts.append(self._repeated(self._item()))
        return Chain(tuple(parts))

    def _item(self) -> Node:
        if self._take("("):
            node = self._choice()
            if not self._take(")"):
                raise self._error("has a ( without a ); add the )")
            return node
        if self._take("["):
            return self._set()
        if self._take("."):
            return OneOf(frozenset(CHARACTERS))
        return OneOf(self._characters())

    def _repeated(self, node: Node) -> Node:
        found = _QUANTIFIER.match(self.text, self.at)
        if not found:
            return node
        self.at = found.end()
        if _QUANTIFIER.match(self.text, self.at):
            raise self._error("has two repetitions in a row; put the first in (...)")
        if not found["least"]:
            return Repeat(node, *_SIGNS[found[0]])
        least = int(found["least"])
        open_end = None if found["more"] else least
        most = int(found["most"]) if found["most"] else open_end
        if most is not None and most < least:
            raise self._error(f"has the repetition {found[0]}; put the smaller number first")
        return Repeat(node, least, most)

    def _set(self) -> Node:
        excluded = self._take("^")
        chosen: set[str] = set()
        while not self._take("]"):
            if self.at == len(self.text):
                raise self._error("has a [ without a ]; add the ]")
            chosen |= self._range()
        if excluded:
            chosen = set(CHARACTERS) - chosen
        if not chosen:
            raise self._error("has a [...] without characters; write some in it")
        return OneOf(frozenset(chosen))

    def _range(self) -> frozenset[str]:
        first = self._characters()
        following = self.text[self.at : self.at + 2]
        if not following.startswith("-") or following in {"-", "-]"}:
            return first
        self.at += 1
        (start, *more), (end, *further) = sorted(first), sorted(self._characters())
        if more or further or not start <= end or not {start, end} <= set(DIGITS):
            raise self._error("has an invalid range; write ranges such as 0-9, and put - last")
        return frozenset(DIGITS[int(start) : int(end) + 1])

    def _characters(self) -> frozenset[str]:
        """Return the characters that a character or an escape stands for."""
        escaped = self._take("\\")
        symbol = self.text[self.at : self.at + 1]
        self.at += 1
        if escaped and symbol == "d":
            return frozenset(DIGITS)
        if not symbol or symbol not in CHARACTERS or (escaped and symbol in DIGITS):
            what = f"\\{symbol}" if escaped else symbol
            raise self._error(f"has {what!r}; numbers consist of the characters {CHARACTERS}")
        return frozenset(symbol)

    def _take(self, symbol: str) -> bool:
        found = self.text.startswith(symbol, self.at)
        self.at += found
        return found

    def _error(self, problem: str) -> PatternError:
        return PatternError(f"The pattern {self.text!r} {problem}.")
