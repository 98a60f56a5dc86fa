import numpy as np
import pytest
from made_characters import character, doubtful, jittered, leaning, moved, write

from tendigits.images.finder import CHARACTERS
from tendigits.reading.characters import Character
from tendigits.reading.lines import find_lines


def texts(characters: list[Character]) -> list[str]:
    """Return the most probable characters of each line, from characters in any order."""
    order = np.random.default_rng(0).permutation(len(characters))
    shuffled = [characters[index] for index in order]
    lines = find_lines(shuffled)
    for line in lines:
        for index, each in zip(line.indices, line.characters, strict=True):
            assert shuffled[index].box == each.box
    assert sorted(i for line in lines for i in line.indices) == list(range(len(characters)))
    return [
        "".join(CHARACTERS[int(each.probabilities.argmax())] for each in line.characters)
        for line in lines
    ]


def page(rows: list[str], spacing: float, **how: float) -> list[Character]:
    """Return lines whose digits are 40 pixels high, `spacing` times that apart."""
    return [
        each
        for number, row in enumerate(rows)
        for each in write(row, top=100 + number * spacing * 40, **how)
    ]


ROWS = ["1924", "79917", "8", "406", "15997"]


def test_lines_are_ordered_from_top_to_bottom_and_characters_from_left_to_right() -> None:
    assert texts(page(ROWS, spacing=1.5)) == ROWS


def test_nine_that_hangs_lower_is_in_the_line_of_a_one_even_if_lines_touch() -> None:
    assert texts(page(ROWS, spacing=1.15)) == ROWS


@pytest.mark.parametrize("degrees", [-15, -8, 3, 15])
@pytest.mark.parametrize("amount", [0.0, 0.06])
def test_lines_may_lean_and_be_uneven(degrees: float, amount: float) -> None:
    rows = ["0123456789" * 2, "5", "998877665544", "10 20   30"]
    straight = jittered(page(rows, spacing=1.8), amount, np.random.default_rng(1))
    assert texts(leaning(straight, degrees)) == [row.replace(" ", "") for row in rows]


@pytest.mark.parametrize("left", [0.9, 1.1])
def test_lines_of_a_page_seen_from_an_angle_lean_more_and_more(left: float) -> None:
    rows = ["0123456789", "9876543210", "5 5 5 5", "12345 67890", "99 11 22"]
    seen = []
    for each in page(rows, spacing=1.6):
        x, y = each.box.left, each.box.top
        nearer = left + (1 - left) * 2 * (x - 100) / 400
        seen.append(moved(each, 0, 300 + (y - 300) * nearer - y))
    assert texts(seen) == [row.replace(" ", "") for row in rows]


def test_each_hand_written_line_may_lean_differently() -> None:
    rows = ["0123456789", "4444444444", "9182736455"]
    characters = [
        each
        for number, row in enumerate(rows)
        for each in leaning(write(row, top=100 + number * 90), degrees=3 - 3 * number)
    ]
    assert texts(characters) == rows


def test_marks_join_the_line_that_they_are_written_in() -> None:
    rows = ["3.14", "1,234,567", "-5", "12/05/26", "12:30", "0.5"]
    assert texts(page(rows, spacing=1.4)) == rows
    assert texts(leaning(page(rows, spacing=1.8), 12)) == rows


def test_stray_ink_does_not_join_or_split_lines() -> None:
    rows = ["1234567890", "0987654321"]
    speck = character("1", left=260, top=112, width=4, height=6)
    tall = character("/", left=500, top=80, width=30, height=90)
    weak = [
        doubtful(character("7", left=100 + 60 * at, top=125, width=20, height=35), 0.2)
        for at in range(6)
    ]
    lines = find_lines([*page(rows, spacing=1.5), speck, tall, *weak])
    assert [len([each for each in line.indices if each < 20]) for line in lines] == [10, 10]


def test_lines_of_small_and_of_large_writing_are_apart() -> None:
    title = write("2026", top=50, height=120)
    small = write("123456", top=220, height=30) + write("7890", top=260, height=30)
    beside = write("55", left=600, top=120, height=30)
    assert texts(title + small) == ["2026", "123456", "7890"]
    assert texts(title + beside) == ["202655"]


def test_columns_with_the_same_lines_are_read_across() -> None:
    left, right = page(["12", "34", "56"], 1.5), page(["98", "76", "54"], 1.5, left=700)
    lower = [moved(each, 0, 8) for each in right]
    assert texts(left + lower) == ["1298", "3476", "5654"]


def test_two_digits_one_above_the_other_are_two_lines() -> None:
    assert texts(write("5") + write("3", left=130, top=150)) == ["5", "3"]
    assert texts(write("5") + write("3", left=300, top=160)) == ["5", "3"]


def test_no_characters_are_no_lines() -> None:
    assert find_lines([]) == []


def test_marks_alone_are_a_line() -> None:
    assert texts(write("--")) == ["--"]
