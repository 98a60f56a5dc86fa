import time
from collections.abc import Sequence
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_characters import cells, character, doubtful, jittered, leaning, moved, write

from tendigits.images.box import Box
from tendigits.images.finder import CHARACTERS
from tendigits.reading.characters import Character
from tendigits.reading.numbers import group_numbers


def text_of(characters: Sequence[Character], threshold: float = 0.5) -> str:
    """Return the numbers as a reading shows them: by spaces and line ends."""
    numbers = [each.number for each in group_numbers(characters, threshold)]
    lines = groupby(numbers, key=lambda number: number.line)
    return "\n".join(" ".join(number.text for number in line) for _, line in lines)


def either(first: str, second: str, left: float, height: float = 40) -> Character:
    """Return a character that is one or the other, about equally likely."""
    return character({first: 0.5, second: 0.45}, left, 100, 24, height)


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "429",
        "1111",
        "0123456789",
        "53 56 40 41",
        "1 23 456 7890",
        "12 11 1 17",
        "3.14",
        "-5",
        "-0.5",
        "-.5",
        ".5",
        ",5",
        "1,234",
        "1,234.50",
        "12/05/26",
        "12:30",
        "10-12",
        "-5 -7 3.25 1/2 12:30",
    ],
)
@pytest.mark.parametrize("degrees", [0, 10, -15])
def test_numbers_are_read_with_their_marks(text: str, degrees: float) -> None:
    assert text_of(leaning(write(text), degrees)) == text


@pytest.mark.parametrize("text", ["429", "12345", "987", "1111", "42", "120526"])
@pytest.mark.parametrize("pitch", [1.1, 1.8, 3.0])
def test_evenly_spaced_digits_are_one_number(text: str, pitch: float) -> None:
    assert text_of(cells(text, pitch=pitch)) == text


def test_digits_in_cells_are_one_number_even_if_they_are_not_in_the_middle() -> None:
    for seed in range(20):
        uneven = jittered(cells("4291", pitch=2), 0.08, np.random.default_rng(seed))
        assert text_of(leaning(uneven, 8)) == "4291"


@pytest.mark.parametrize("space", [0.8, 1.5, 4.0])
@pytest.mark.parametrize("gap", [0.0, 0.15, 0.25])
def test_pairs_are_numbers_of_their_own_if_the_gaps_between_them_are_larger(
    space: float, gap: float
) -> None:
    assert text_of(write("53 56 40 41", gap=gap, space=space)) == "53 56 40 41"


def test_digits_far_from_each_other_are_numbers_of_their_own() -> None:
    assert text_of(write("3 5 7", space=4)) == "3 5 7"
    assert text_of(write("3 5", space=4)) == "3 5"


def test_evenly_spaced_digits_are_divided_where_the_gap_is_much_wider() -> None:
    first, second = cells("1234", pitch=1.5), cells("567", left=700, pitch=1.5)
    assert text_of(first + second) == "1234 567"


def test_a_line_with_one_gap_is_divided_as_the_other_lines_are() -> None:
    alone = write("7 5")
    assert text_of(alone) == "75"
    assert text_of([*alone, *write("1234 5678", top=170)]) == "7 5\n1234 5678"


def test_lines_are_numbered_from_top_to_bottom_without_those_that_hold_no_number() -> None:
    upper, stray, lower = write("12", top=50), write("--", top=150), write("34 56", top=250)
    numbers = [each.number for each in group_numbers(lower + stray + upper, 0.5)]
    assert [(each.text, each.line) for each in numbers] == [("12", 0), ("34", 1), ("56", 1)]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("5.", "5"),
        ("5,", "5"),
        ("12:", "12"),
        ("/12", "12"),
        (":12", "12"),
        ("5-", "5"),
        ("53 . 56", "53 56"),
        ("- 5", "5"),
        ("--", ""),
        ("", ""),
    ],
)
def test_mark_that_belongs_to_no_number_is_dropped(written: str, text: str) -> None:
    assert text_of(write(written, space=1.2)) == text


def test_dash_longer_than_a_digit_is_no_minus() -> None:
    dash = character("-", left=30, top=118, width=60, height=4)
    assert text_of([dash, *write("429")]) == "429"


@pytest.mark.parametrize(("point", "text"), [(0.9, "3.14"), (0.6, "3,14")])
def test_of_two_marks_in_a_row_the_more_probable_is_kept(point: float, text: str) -> None:
    three, dot, one, four = write("3.14")
    comma = doubtful(write(",", left=dot.box.right + 1)[0], 0.75)
    right = [moved(each, 8, 0) for each in (one, four)]
    assert text_of([three, doubtful(dot, point), comma, *right]) == text


def test_point_or_comma_is_what_it_more_probably_is() -> None:
    three, dot, one, four = write("3.14")
    box = dot.box
    unclear = character({".": 0.4, ",": 0.45}, box.left, box.top, box.width, box.height)
    (number,) = group_numbers([three, unclear, one, four], 0.5)
    assert number.number.text == "3,14"
    assert number.number.confidence == pytest.approx(0.97**3 * 0.45, rel=1e-5)


def test_digit_that_cannot_be_told_is_a_question_mark() -> None:
    four, _, seven = write("417")
    assert text_of([four, either("1", "7", left=130), moved(seven, 20, 0)], 0.6) == "4?7"
    assert text_of([four, either("1", "7", left=130), moved(seven, 20, 0)], 0.5) == "417"


def test_weak_character_is_left_out_but_lowers_the_confidence() -> None:
    four, two, nine = write("429")
    (number,) = group_numbers([four, doubtful(two, 0.3), nine], 0.5)
    assert (number.number.text, number.indices) == ("49", (0, 2))
    assert number.number.confidence == pytest.approx(0.97**2 * 0.7, rel=1e-5)


def test_weak_digit_beside_a_number_lowers_the_confidence_but_not_far_from_it() -> None:
    digits = write("429")
    near = doubtful(write("7", left=digits[-1].box.right + 8)[0], 0.3)
    far = moved(near, 200, 0)
    point = doubtful(write(".", left=digits[-1].box.right + 8)[0], 0.3)
    for weak, factor in ((near, 0.7), (far, 1.0), (point, 1.0)):
        (number,) = group_numbers([*digits, weak], 0.5)
        assert number.number.text == "429"
        assert number.number.confidence == pytest.approx(0.97**3 * factor, rel=1e-5)


def test_digit_that_cannot_be_told_lowers_the_confidence_below_its_most_probable_digit() -> None:
    doubtful_digit = character({"1": 0.45, "7": 0.35, "/": 0.1}, 100, 100, 24, 40)
    (alone,) = group_numbers([doubtful_digit], 0.6)
    assert alone.number.text == "?"
    assert alone.number.confidence == pytest.approx(0.45, rel=1e-5)
    (both,) = group_numbers([doubtful_digit, *write("5", left=140)], 0.6)
    assert both.number.text == "?5"
    assert both.number.confidence == pytest.approx(0.45 * 0.97, rel=1e-5)


def test_a_higher_threshold_shows_sure_ink_as_a_question_mark_and_never_hides_it() -> None:
    digits = [doubtful(each, 0.9) for each in write("429")]
    assert text_of(digits, 0.5) == "429"
    assert text_of(digits, 0.95) == "???"
    assert text_of(digits, 1.0) == "???"


def test_nothing_is_rejected_with_the_threshold_0() -> None:
    digits = [doubtful(each, 0.15) for each in write("429")]
    assert text_of(digits, 0.0) == "429"
    assert text_of(digits, 0.5) == ""


def test_box_is_around_the_characters_of_the_number() -> None:
    characters = write("12 3.4.", left=50, top=70)
    first, second = (each.number.box for each in group_numbers(characters, 0.5))
    assert first == Box(50, 70, characters[1].box.right, 110)
    assert second == Box(characters[2].box.left, 70, characters[4].box.right, 110)


def test_indices_name_one_character_for_each_in_the_text() -> None:
    written = "12 -3.4 56/7."
    characters = write(written)
    symbols = written.replace(" ", "")
    for each in group_numbers(characters, 0.5):
        assert "".join(symbols[index] for index in each.indices) == each.number.text


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.builds(
            lambda symbol, probability, left, top, width, height: doubtful(
                character(symbol, left, top, width, height), probability
            ),
            st.sampled_from("0123456789.,-/:"),
            st.floats(0.1, 1),
            st.integers(0, 300),
            st.integers(0, 100),
            st.integers(1, 200),
            st.integers(1, 200),
        ),
        max_size=12,
    ),
    st.floats(0, 1),
)
def test_any_characters_are_grouped_without_using_one_twice(
    characters: list[Character], threshold: float
) -> None:
    numbers = group_numbers(characters, threshold)
    used = [index for each in numbers for index in each.indices]
    assert len(used) == len(set(used))
    for each in numbers:
        assert len(each.indices) == len(each.number.text)
        assert 0 <= each.number.confidence <= 1
        assert each.number.text[-1] in "0123456789?"
        assert each.number.text.lstrip("-.,")[0] in "0123456789?"
    assert [each.number.line for each in numbers] == sorted(each.number.line for each in numbers)


def test_noise_all_over_a_page_is_grouped_in_bounded_time() -> None:
    random = np.random.default_rng(0)
    noise = [
        doubtful(
            character(
                random.choice(list(CHARACTERS)),
                *random.uniform(0, 2000, 2),
                *np.exp(random.uniform(0, 6, 2)),
            ),
            random.uniform(0.1, 1),
        )
        for _ in range(1000)
    ]
    start = time.perf_counter()
    group_numbers(noise, 0.5)
    assert time.perf_counter() - start < 2
