import re
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tendigits.errors import PatternError
from tendigits.images.finder import CHARACTERS
from tendigits.reading.automaton import Pattern
from tendigits.reading.pattern import parse_pattern


def fits(pattern: Pattern, text: str) -> bool:
    states = pattern.first
    for place, each in enumerate(text):
        reached = states if place == 0 else (states[:, None] & pattern.follow).any(axis=0)
        states = reached & pattern.characters[:, CHARACTERS.index(each)]
    return bool((states & pattern.last).any())


ITEMS = st.sampled_from(
    ["0", "1", "2", "/", ",", "-", ":", r"\.", r"\d", "[0-2]", "[1,-]", "[^0]", "[.1]", r"[\d/]"]
)
QUANTIFIERS = st.sampled_from(["", "", "?", "*", "+", "{2}", "{0,2}", "{1,}", "{0}"])


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    chain = st.lists(st.tuples(inner, QUANTIFIERS), max_size=3)
    chains = chain.map(lambda parts: "".join(map("".join, parts)))
    return st.lists(chains, min_size=1, max_size=3).map(lambda parts: f"({'|'.join(parts)})")


PATTERNS = st.recursive(ITEMS, nested, max_leaves=6)


@settings(max_examples=300, deadline=None)
@given(PATTERNS, st.lists(st.text("012/,-:.", min_size=1, max_size=6), min_size=10, max_size=30))
def test_pattern_fits_the_same_texts_as_in_python(text: str, numbers: list[str]) -> None:
    try:
        pattern = parse_pattern(text)
    except PatternError:
        assert not any(re.fullmatch(text, each) for each in numbers) or len(text) > 100
        return
    for number in numbers:
        assert fits(pattern, number) == bool(re.fullmatch(text, number)), (text, number)


@pytest.mark.parametrize(
    ("text", "fitting", "other"),
    [
        ("[0-9]{2}/[0-9]{2}", ["12/05"], ["12/5", "12-05", "12/055"]),
        (r"-?\d+(\.\d{1,2})?", ["3", "-3.14", "0.5"], ["-", "3.", "3.141", ".5"]),
        (r"(1|2)\d|30|31", ["17", "29", "30", "31"], ["07", "32", "1"]),
        ("[.,:/-]*.", ["5", "-5", ":"], ["55"]),
        ("[^0-8]{1,}", ["9", "99:"], ["90"]),
    ],
)
def test_pattern_fits_the_whole_number(text: str, fitting: list[str], other: list[str]) -> None:
    pattern = parse_pattern(text)
    assert [each for each in fitting + other if fits(pattern, each)] == fitting


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "fits no number; write one such as [0-9]{3}"),
        ("()", "fits no number"),
        ("(0){0}", "fits no number"),
        ("[0-9", "has a [ without a ]; add the ]"),
        ("(1|2", "has a ( without a ); add the )"),
        ("1)", "has a ) without a (; remove it"),
        ("abc", "has 'a'; numbers consist of the characters 0123456789.,-/:"),
        ("^1$", "has '^'; numbers consist"),
        (r"\w", r"has '\\w'; numbers consist"),
        ("\\", r"has '\\'; numbers consist"),
        ("*", "has '*'; numbers consist"),
        ("1**", "has two repetitions in a row; put the first in (...)"),
        ("1+?", "has two repetitions in a row"),
        ("1{3,2}", "has the repetition {3,2}; put the smaller number first"),
        ("1{,2}", "has '{'; numbers consist"),
        ("[9-0]", "has an invalid range; write ranges such as 0-9, and put - last"),
        ("[.-/]", "has an invalid range"),
        (r"[\d-5]", "has an invalid range"),
        ("[]", "has a [...] without characters; write some in it"),
        ("[^0-9.,:/-]", "has a [...] without characters"),
        ("1" * 101, "is too long; use at most 100 characters"),
        ("[0-9]{251}", "is too long; use at most 250 characters, repetitions included"),
        ("((1{50}){50}){50}", "is too long; use at most 250"),
    ],
)
def test_invalid_pattern_is_one_sentence_with_advice(text: str, advice: str) -> None:
    with pytest.raises(PatternError) as error:
        parse_pattern(text)
    message = str(error.value)
    assert advice in message
    assert message.startswith("The pattern")
    assert message.endswith(".")
    assert "\n" not in message


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("019.,-/:()[]{}|?*+^$\\d{}, \n"), max_size=30))
def test_any_text_is_a_pattern_or_an_error(text: str) -> None:
    try:
        pattern = parse_pattern(text)
    except PatternError:
        return
    assert pattern.characters.any(axis=1).all()
    assert pattern.follow.shape == (len(pattern.first), len(pattern.last))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 50 + ")" * 50,
        "(" * 33 + "1" + ")*" * 33,
        "(" * 17 + ")" + "{9})" * 16 + "1",
        "([01]?){250}",
        "([01]*[01]){120}",
        "(((1|2)?){9}){9}",
        "1?" * 50,
    ],
)
def test_pattern_made_to_take_long_is_parsed_at_once(text: str) -> None:
    start = time.perf_counter()
    with suppress(PatternError):
        parse_pattern(text)
    assert time.perf_counter() - start < 1
