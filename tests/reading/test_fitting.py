import re
import time
from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_characters import cells, character, doubtful, leaning, moved, write

from tendigits.errors import PatternError
from tendigits.images.finder import CHARACTERS, DIGITS
from tendigits.reading.characters import Character
from tendigits.reading.fitting import (
    LEAST_RATIO,
    fit_number,
    parse_length,
    pattern_of_length,
    wanted_pattern,
)
from tendigits.reading.lines import find_lines
from tendigits.reading.numbers import group_numbers
from tendigits.reading.pattern import parse_pattern

DATE = "[0-9]{2}/[0-9]{2}"


def fit(characters: Sequence[Character], pattern: str) -> tuple[str, float]:
    """Return the text and the confidence of what fits; no text if nothing does."""
    found = fit_number(characters, parse_pattern(pattern))
    return (found.number.text, found.number.confidence) if found else ("", 0.0)


def text_of_length(characters: Sequence[Character], least: int, most: int) -> str | None:
    found = fit_number(characters, pattern_of_length(least, most))
    return found.number.text if found else None


def test_weak_digit_is_used_if_the_length_needs_it() -> None:
    four, two, nine = write("429")
    weak = doubtful(two, 0.3)
    grouped = group_numbers([four, weak, nine], threshold=0.5)
    assert [each.number.text for each in grouped] == ["49"]
    found = fit_number([four, weak, nine], pattern_of_length(3, 3))
    assert found is not None
    assert (found.number.text, found.indices) == ("429", (0, 1, 2))
    assert found.number.confidence == pytest.approx(0.97 * 0.3 * 0.97, rel=1e-5)


def test_weak_ink_is_skipped_if_the_length_is_reached_without_it() -> None:
    dash, *digits = write("1429")
    found = fit_number([doubtful(dash, 0.6), *digits], pattern_of_length(3, 3))
    assert found is not None
    assert (found.number.text, found.indices) == ("429", (1, 2, 3))
    assert found.number.confidence == pytest.approx(0.4 * 0.97**3, rel=1e-5)


@pytest.mark.parametrize(
    ("characters", "text"),
    [
        (write("12/05"), "12/05"),
        (cells("12/05", pitch=2.5), "12/05"),
        (leaning(write("12/05"), 12), "12/05"),
        (write("12/05."), "12/05"),
        (write("-12/05"), "12/05"),
    ],
)
def test_pattern_is_read_wherever_it_is_written(characters: list[Character], text: str) -> None:
    found, confidence = fit(characters, DATE)
    assert found == text
    assert confidence == pytest.approx(0.97**5, rel=1e-4)


def test_class_that_fits_is_chosen_with_its_own_probability() -> None:
    slash = {"1": 0.7, "/": 0.25}
    characters = write("12/05")
    box = characters[2].box
    characters[2] = character(slash, box.left, box.top, box.width, box.height)
    for pattern, text, probability in ((DATE, "12/05", 0.25), ("[0-9]{5}", "12105", 0.7)):
        found, confidence = fit(characters, pattern)
        assert found == text
        assert confidence == pytest.approx(0.97**4 * probability, rel=1e-4)


def test_length_counts_digits_and_keeps_marks_between_them() -> None:
    assert text_of_length(write("-3.14"), 3, 3) == "-3.14"
    assert text_of_length(write("12/05/26"), 6, 6) == "12/05/26"
    assert text_of_length(write("5."), 1, 2) == "5"


def test_range_of_lengths_fits_each_length_in_it() -> None:
    for length in range(1, 8):
        text = "1234567"[:length]
        assert text_of_length(write(text), 3, 6) == (text if 3 <= length <= 6 else None)


def test_most_probable_line_is_read() -> None:
    upper = [doubtful(each, 0.8) for each in write("123", top=100)]
    lower = write("456", top=200)
    found = fit_number(upper + lower, pattern_of_length(3, 3))
    assert found is not None
    assert (found.number.text, found.indices) == ("456", (3, 4, 5))
    assert found.number.line == 0


def test_nothing_fits_a_line_that_surely_holds_more_digits() -> None:
    assert text_of_length(write("53 56 40 41"), 2, 2) is None
    assert text_of_length(write("12"), 3, 3) is None
    assert text_of_length([], 1, 1) is None


def test_confidence_of_a_fit_is_that_of_the_same_number_without_a_pattern() -> None:
    characters = [doubtful(each, 0.9) for each in write("-3.14")] + write("7", left=205)
    characters[-1] = doubtful(characters[-1], 0.2)
    (grouped,) = group_numbers(characters, threshold=0.5)
    fitted = fit_number(characters, pattern_of_length(3, 3))
    assert fitted is not None
    assert fitted.number.text == grouped.number.text == "-3.14"
    assert fitted.number.confidence == pytest.approx(grouped.number.confidence, rel=1e-5)
    assert fitted.number.box == grouped.number.box
    assert fitted.indices == grouped.indices


@st.composite
def rows(draw: st.DrawFn) -> list[Character]:
    """Up to four characters in a row, each with some classes that are as high as the others."""
    row = []
    for place in range(draw(st.integers(0, 4))):
        classes = draw(st.lists(st.sampled_from("017/-."), min_size=1, max_size=3, unique=True))
        shares = [draw(st.integers(0, 9)) for _ in classes]
        total = max(1, sum(shares) + draw(st.integers(0, 5)))
        chances = {each: share / total for each, share in zip(classes, shares, strict=True)}
        row.append(character(chances, left=100 + 50 * place, top=100, width=24, height=40))
    return row


def best_by_trying_all(row: Sequence[Character], pattern: str) -> float:
    """Return the probability of the most probable reading, from all that there are."""
    starts = [each for each in CHARACTERS if each not in DIGITS and _can_be(pattern, each, 0)]
    ends = [each for each in CHARACTERS if each not in DIGITS and _can_be(pattern, each, -1)]
    best = 0.0
    for symbols in product(["", *CHARACTERS], repeat=len(row)):
        text = "".join(symbols)
        if not text or not re.fullmatch(pattern, text):
            continue
        used = [place for place, symbol in enumerate(symbols) if symbol]
        probability = 1.0
        for place, (each, symbol) in enumerate(zip(row, symbols, strict=True)):
            inside = CHARACTERS
            if place < used[0]:
                inside = DIGITS + "".join(starts)
            elif place > used[-1]:
                inside = DIGITS + "".join(ends)
            probability *= (
                each.probability_of(symbol) if symbol else 1 - each.probability_of(inside)
            )
        best = max(best, probability)
    return best


def _can_be(pattern: str, mark: str, place: int) -> bool:
    texts = ("".join(each) for size in (1, 2, 3) for each in product("017/-.", repeat=size))
    return any(re.fullmatch(pattern, text) and text[place] == mark for text in texts)


@settings(max_examples=60, deadline=None)
@given(
    rows(), st.sampled_from(["[01]{2}", r"\d(/\d)?", "-?[017]+", "1.?7|0", "(0|1/)*7", ".{1,2}"])
)
def test_reading_is_the_most_probable_of_all(row: list[Character], pattern: str) -> None:
    placed = [each for line in find_lines(row) for each in line.characters]
    expected = best_by_trying_all(placed, pattern)
    text, confidence = fit(row, pattern)
    if not text:
        without_pattern = np.prod(
            [max(1 - each.probability, *each.probabilities) for each in placed]
        )
        assert expected <= LEAST_RATIO * without_pattern + 1e-6
    else:
        assert confidence == pytest.approx(expected, rel=1e-4)
        assert re.fullmatch(pattern, text)


@settings(max_examples=60, deadline=None)
@given(rows())
def test_a_wider_pattern_never_fits_worse(row: list[Character]) -> None:
    assert fit(row, r"\d{1,3}")[1] >= fit(row, r"\d{2}")[1]


def test_long_line_and_long_pattern_are_read_in_bounded_time() -> None:
    random = np.random.default_rng(0)
    noise = [
        moved(doubtful(each, random.uniform(0.1, 0.9)), 0, random.normal(0, 5))
        for each in write("0123456789" * 30)
    ]
    start = time.perf_counter()
    fit(noise, "([01]?[2-9]?){120}")
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    ("text", "length"), [("3", (3, 3)), ("3-6", (3, 6)), ("1-100", (1, 100)), ("07", (7, 7))]
)
def test_length_is_a_number_or_a_range(text: str, length: tuple[int, int]) -> None:
    assert parse_length(text) == length
    assert pattern_of_length(*length).first.any()


@pytest.mark.parametrize(
    "text", ["", "0", "6-3", "3-", "-3", "a", "3 6", "101", "1000", "٣", "3\n"]
)
def test_invalid_length_is_one_sentence_with_advice(text: str) -> None:
    with pytest.raises(PatternError, match=r"^The length .* is invalid; use .*\.$"):
        parse_length(text)


def test_length_or_pattern_is_wanted_but_not_both() -> None:
    assert wanted_pattern(None, None) is None
    for length, pattern in (("2", None), (None, r"\d\d")):
        wanted = wanted_pattern(length, pattern)
        assert wanted is not None
        found = fit_number(write("12"), wanted)
        assert found is not None
        assert found.number.text == "12"
    with pytest.raises(PatternError, match="give one of them"):
        wanted_pattern("2", r"\d\d")
