"""Characters set on a page, with the boxes that people's writing has."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from tendigits.images.box import Box
from tendigits.images.finder import CHARACTERS
from tendigits.reading.characters import Character

# Width, top and bottom of each character, relative to the height: 0 is the top of a digit, 1 the
# base line. The 9 and the 7 hang lower; the 6 is taller.
SHAPES = {
    **dict.fromkeys("023458", (0.6, 0.0, 1.0)),
    "1": (0.15, 0.0, 1.0),
    "6": (0.6, -0.15, 1.0),
    "7": (0.6, 0.05, 1.2),
    "9": (0.55, 0.1, 1.3),
    ".": (0.12, 0.88, 1.0),
    ",": (0.15, 0.85, 1.25),
    "-": (0.45, 0.45, 0.55),
    ":": (0.12, 0.25, 0.95),
    "/": (0.45, -0.1, 1.1),
}


def character(
    symbols: str | dict[str, float], left: float, top: float, width: float, height: float
) -> Character:
    """Return a character: one symbol with the probability 0.97, or several with their own."""
    chances = {symbols: 0.97} if isinstance(symbols, str) else symbols
    probabilities = np.zeros(len(CHARACTERS), np.float32)
    for symbol, probability in chances.items():
        probabilities[CHARACTERS.index(symbol)] = probability
    box = Box(round(left), round(top), round(left + width), round(top + height))
    return Character(box, probabilities)


def write(
    text: str,
    left: float = 100,
    top: float = 100,
    height: float = 40,
    gap: float = 0.15,
    space: float = 0.9,
) -> list[Character]:
    """Return the characters of a line.

    Args:
        text: its characters; each space between them widens the gap.
        left: where the line starts.
        top: where its digits start.
        height: the height of its digits.
        gap: the gap between two characters, relative to the height.
        space: the width of a space, relative to the height.
    """
    characters = []
    for symbol in text:
        if symbol == " ":
            left += space * height
            continue
        width, upper, lower = SHAPES[symbol]
        characters.append(
            character(symbol, left, top + upper * height, width * height, (lower - upper) * height)
        )
        left += (width + gap) * height
    return characters


def cells(
    text: str, left: float = 100, top: float = 100, height: float = 40, pitch: float = 1.8
) -> list[Character]:
    """Return characters in the middle of evenly spaced cells; a space is an empty cell."""
    characters = []
    for place, symbol in enumerate(text):
        if symbol != " ":
            width = SHAPES[symbol][0] * height
            middle = left + (place + 0.5) * pitch * height
            characters += write(symbol, middle - width / 2, top, height)
    return characters


def leaning(characters: Iterable[Character], degrees: float) -> list[Character]:
    """Return the characters moved down, or up, along lines that lean."""
    slope = np.tan(np.radians(degrees))
    return [moved(each, 0, slope * (each.box.left + each.box.right) / 2) for each in characters]


def jittered(
    characters: Sequence[Character], amount: float, random: np.random.Generator
) -> list[Character]:
    """Return the characters moved and scaled at random, by a fraction of their heights."""
    height = float(np.median([each.box.height for each in characters]))
    result = []
    for each in characters:
        x, y, grow = random.normal(0, amount, 3)
        grown = max(2, round(each.box.height * (1 + grow)))
        box = replace(each.box, top=each.box.bottom - grown)
        result.append(moved(replace(each, box=box), x * height, y * height))
    return result


def moved(each: Character, right: float, down: float) -> Character:
    """Return a character at another place."""
    x, y, box = round(right), round(down), each.box
    return replace(each, box=Box(box.left + x, box.top + y, box.right + x, box.bottom + y))


def doubtful(each: Character, probability: float) -> Character:
    """Return a character whose probabilities sum to `probability`."""
    scale = probability / each.probabilities.sum()
    return replace(each, probabilities=(each.probabilities * scale).astype(np.float32))
