"""The characters of a picture into numbers.

**Gaps.** The gap between two characters is the distance between their edges, where a digit narrower
than 0.4 times the line's height (a 1) counts as that wide. The usual gap of a line is the lower
quartile of the gaps between its digits; that of a line with at most one such gap is the page's. A
line is divided where a gap is wider than half its height plus 1.5 times the usual gap, or than 3.5
times its height. So `53 56 40 41`, with close pairs, is four numbers, and evenly spaced digits are
one number: `4 | 2 | 9` in the cells of a form, or `1 2 3 4 5`.

**Marks.** Marks that are out of place are no characters (see `marks`). Of two marks in a row the
more probable one is kept. A number starts with a digit, a minus, or a decimal point or comma, and
ends with a digit.

**Unclear characters.** What reaches the threshold as a whole, or PRESENT, but in no class, is `?`
if it is rather a digit, and the more probable mark if it is rather a mark.

**Confidence.** The probability that the whole text is right, if what is found in different places
is independent. It is the product of
- for each character of the text, the probability of its class; for `?`, of its most probable digit,
  which is below the threshold;
- for each other character found between the first and the last one, the probability that it is
  none;
- for each other character found beside the number, no further away than its digits may be from
  each other, the probability that it is no digit, and before the number, no minus, point or comma.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from tendigits.images.box import Box
from tendigits.images.finder import CHARACTERS, DIGIT_CLASSES, DIGITS, MARKS
from tendigits.reading.characters import Character, box_around
from tendigits.reading.lines import Line, find_lines

UNREADABLE = "?"
# What is a character with this probability is shown, even where the threshold is higher: as `?`.
PRESENT = 0.8
# What is more probably a character than not counts for the gaps.
LIKELY = 0.5
# The rule for gaps, in multiples of the line's height and of its usual gap.
NARROWEST_DIGIT = 0.4
GAP, USUAL_GAPS = 0.5, 1.5
WIDEST_GAP = 3.5
# The usual gap of a line without two digits side by side, relative to its height.
USUAL_GAP = 0.15
# The marks that a number can start with.
STARTS = {"-", ".", ",", "-.", "-,"}


@dataclass(frozen=True)
class Number:
    """A number of a picture.

    Attributes:
        text: its digits and marks, with `?` for a digit that cannot be told: "3.14", "4?7".
        box: where it is, in the pixels in which the characters were given.
        confidence: the probability that the whole text is right; a `?` stands for its most
            probable digit.
        line: the line that it is in, from 0, from top to bottom.
    """

    text: str
    box: Box
    confidence: float
    line: int


@dataclass(frozen=True)
class SpelledNumber:
    """A number, and the characters that it consists of.

    Attributes:
        number: the number.
        indices: which of all characters they are, one for each character of `number.text`.
    """

    number: Number
    indices: tuple[int, ...]


def group_numbers(characters: Sequence[Character], threshold: float) -> list[SpelledNumber]:
    """Return the numbers, line by line and from left to right.

    Args:
        characters: what was found in a picture, in any order; no two of them for the same ink.
        threshold: the probability below which a class is not accepted, from 0 to 1.
    """
    found_lines = [(line, likely_characters(line, threshold)) for line in find_lines(characters)]
    page = [each for line, elements in found_lines for each in digit_gaps(line, elements)]
    numbers: list[SpelledNumber] = []
    lines = 0
    for line, elements in found_lines:
        own = digit_gaps(line, elements)
        limit = widest_gap(own if len(own) > 1 else page) * line.height
        runs = divide(line, elements, limit)
        found = [spell_number(line, run, limit, threshold) for run in runs]
        spelled = [each for each in found if each is not None]
        numbers += [in_line(each, lines) for each in spelled]
        lines += bool(spelled)
    return numbers


def likely_characters(line: Line, threshold: float) -> list[int]:
    """Return which characters of a line are more probable than not, or reach the threshold."""
    least = min(threshold, LIKELY)
    return [at for at, each in enumerate(line.characters) if 0 < each.probability >= least]


def widest_gap(gaps: Sequence[float]) -> float:
    """Return the widest gap inside a number of a line, whose digits have these gaps.

    All are relative to the line's height.
    """
    usual = max(0.0, sorted(gaps)[(len(gaps) - 1) // 4]) if gaps else USUAL_GAP
    return min(GAP + USUAL_GAPS * usual, WIDEST_GAP)


def digit_gaps(line: Line, elements: Sequence[int]) -> list[float]:
    """Return the gaps between neighbouring digits, relative to the height of the line."""
    pairs = [(line.characters[left], line.characters[right]) for left, right in pairwise(elements)]
    return [
        gap(line, left, right) / line.height
        for left, right in pairs
        if not left.is_mark and not right.is_mark
    ]


def gap(line: Line, left: Character, right: Character) -> float:
    """Return the gap between two characters of a line, in pixels."""
    narrowest = NARROWEST_DIGIT * line.height
    reach = [
        each.box.width if each.is_mark else max(each.box.width, narrowest) for each in (left, right)
    ]
    middles = (right.box.left + right.box.right - left.box.left - left.box.right) / 2
    return middles - sum(reach) / 2


def divide(line: Line, elements: Sequence[int], limit: float) -> list[list[int]]:
    """Return the elements of a line, divided where the gap is wider than `limit`."""
    runs: list[list[int]] = []
    for at in elements:
        if runs and gap(line, line.characters[runs[-1][-1]], line.characters[at]) <= limit:
            runs[-1].append(at)
        else:
            runs.append([at])
    return runs


def spell_number(
    line: Line, run: Sequence[int], limit: float, threshold: float
) -> SpelledNumber | None:
    """Return the number that some characters of a line spell; None if they spell none.

    Args:
        line: the line; the number's own line is 0.
        run: which of its characters may belong to the number.
        limit: the widest gap inside the number, in pixels.
        threshold: the probability below which a class is not accepted, from 0 to 1.
    """
    symbols = {at: _symbol(line.characters[at], threshold) for at in run}
    shown = _without_stray_marks([(at, symbol) for at, symbol in symbols.items() if symbol], line)
    if not shown:
        return None
    own = [at for at, _ in shown]
    confidence = float(np.prod([_probability(line.characters[at], s) for at, s in shown]))
    confidence *= _nothing_else(line, own, limit)
    box = box_around([line.characters[at] for at in own])
    number = Number("".join(symbol for _, symbol in shown), box, confidence, line=0)
    return SpelledNumber(number, tuple(line.indices[at] for at in own))


def in_line(spelled: SpelledNumber, line: int) -> SpelledNumber:
    """Return the same number with another number of its line."""
    return replace(spelled, number=replace(spelled.number, line=line))


def _symbol(character: Character, threshold: float) -> str:
    """Return how a character is shown in the text; nothing if it is left out."""
    if character.probability < min(threshold, PRESENT):
        return ""
    best = int(character.probabilities.argmax())
    if character.probabilities[best] >= threshold:
        return CHARACTERS[best]
    if not character.is_mark:
        return UNREADABLE
    return MARKS[int(character.probabilities[DIGIT_CLASSES:].argmax())]


def _probability(character: Character, symbol: str) -> float:
    if symbol == UNREADABLE:
        return float(character.probabilities[:DIGIT_CLASSES].max())
    return float(character.probabilities[CHARACTERS.index(symbol)])


def _without_stray_marks(shown: list[tuple[int, str]], line: Line) -> list[tuple[int, str]]:
    """Return the characters that are shown, without marks that cannot be where they are."""
    kept: list[tuple[int, str]] = []
    for at, symbol in shown:
        is_second = bool(kept) and _is_mark(kept[-1][1]) and _is_mark(symbol)
        starts = [each for _, each in kept] == ["-"] and symbol in ".,"  # -.5
        if not is_second or starts:
            kept.append((at, symbol))
        else:
            kept[-1] = max(
                kept[-1],
                (at, symbol),
                key=lambda each: _probability(line.characters[each[0]], each[1]),
            )
    digits = [place for place, (_, symbol) in enumerate(kept) if not _is_mark(symbol)]
    if not digits:
        return []
    start = "".join(symbol for _, symbol in kept[: digits[0]])
    first = 0 if start in STARTS else digits[0]
    return kept[first : digits[-1] + 1]


def _is_mark(symbol: str) -> bool:
    return symbol in set(MARKS)


def _nothing_else(line: Line, own: Sequence[int], limit: float) -> float:
    """Return the probability that a line has no further character inside or beside a number."""
    result = 1.0
    first, last = line.characters[own[0]], line.characters[own[-1]]
    belong = set(own)
    for at in range(own[0] + 1, own[-1]):
        if at not in belong:
            result *= 1 - line.characters[at].probability
    for other in _beside(line, range(own[0] - 1, -1, -1), first, limit):
        if gap(line, other, first) <= limit:
            result *= 1 - other.probability_of(DIGITS + "-.,")
    for other in _beside(line, range(own[-1] + 1, len(line.characters)), last, limit):
        if gap(line, last, other) <= limit:
            result *= 1 - other.probability_of(DIGITS)
    return result


def _beside(line: Line, places: range, end: Character, limit: float) -> Iterator[Character]:
    """Yield the characters from a number's end on, as long as the gap can be within `limit`."""
    farthest = 2 * limit + end.box.width + max(line.widest, NARROWEST_DIGIT * line.height)
    farthest += NARROWEST_DIGIT * line.height
    middle = end.box.left + end.box.right
    for at in places:
        other = line.characters[at]
        if abs(other.box.left + other.box.right - middle) > farthest:
            return
        yield other
