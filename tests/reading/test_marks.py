import numpy as np
import pytest
from made_characters import character, leaning, moved, write

from tendigits.images.finder import CHARACTERS
from tendigits.reading.characters import Character
from tendigits.reading.lines import find_lines

HEIGHT = 40


def placed(characters: list[Character], index: int) -> Character:
    """Return one of the characters after marks that are out of place are excluded."""
    (line,) = find_lines(characters)
    return line.characters[line.indices.index(index)]


def is_possible(characters: list[Character], index: int) -> bool:
    return bool(placed(characters, index).probability > 0)


@pytest.mark.parametrize(
    "text", ["3.14", "1,234", "10-12", "12:30", "12/05", "-5", "-9", "-1", ".5", "9.1", "7,9"]
)
@pytest.mark.parametrize("degrees", [0, -14, 14])
def test_mark_where_people_write_it_is_possible(text: str, degrees: float) -> None:
    characters = leaning(write(text, height=HEIGHT), degrees)
    assert all(is_possible(characters, index) for index in range(len(text)))


@pytest.mark.parametrize(
    ("text", "up"), [("3.14", 0.6), ("1,234", 0.5), ("12-34", 0.45), ("12-34", -0.45), ("-5", 0.45)]
)
def test_mark_too_high_or_too_low_is_impossible(text: str, up: float) -> None:
    characters = write(text, height=HEIGHT)
    at = next(index for index, each in enumerate(text) if not each.isdigit())
    characters[at] = moved(characters[at], 0, -up * HEIGHT)
    assert not is_possible(characters, at)


@pytest.mark.parametrize(
    ("mark", "left", "top", "width", "height"),
    [
        ("-", 30, 118, 60, 4),  # longer than a digit is high
        ("-", 80, 100, 12, 38),  # upright
        (".", 80, 115, 30, 25),  # as large as a digit
        ("/", 80, 130, 10, 10),  # as small as a point
        ("-", 20, 118, 18, 4),  # far from the first digit
        (".", 20, 135, 5, 5),
    ],
)
def test_mark_of_another_size_or_far_before_the_first_digit_is_impossible(
    mark: str, left: float, top: float, width: float, height: float
) -> None:
    ink = character(mark, left, top, width, height)
    assert not is_possible([*write("429", left=100, height=HEIGHT), ink], 3)


def test_only_the_mark_is_excluded_from_what_may_be_a_digit() -> None:
    tall = character({"1": 0.5, ",": 0.3, "-": 0.1}, left=190, top=100, width=6, height=40)
    found = placed([*write("429", left=100, height=HEIGHT), tall], 3)
    assert found.probabilities[1] == pytest.approx(0.5)
    assert found.probabilities.sum() == pytest.approx(0.5)


def test_characters_themselves_are_not_changed() -> None:
    characters = [*write("42", left=100), character("-", 20, 118, 18, 4)]
    before = [each.probabilities.copy() for each in characters]
    assert not is_possible(characters, 2)
    for each, kept in zip(characters, before, strict=True):
        np.testing.assert_array_equal(each.probabilities, kept)


def test_without_digits_nothing_is_out_of_place() -> None:
    characters = [character("-", 20, 118, 18, 4), character(".", 60, 100, 5, 5)]
    found = {
        CHARACTERS[int(each.probabilities.argmax())]
        for line in find_lines(characters)
        for each in line.characters
    }
    assert found == {"-", "."}
