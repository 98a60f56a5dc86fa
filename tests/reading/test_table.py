import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from made_characters import cells, character, doubtful, jittered, moved, write

from tendigits.reading.characters import Character
from tendigits.reading.numbers import group_numbers
from tendigits.reading.table import Table, table_of, write_table

SUDOKU = [
    "53  7    ",
    "6  195   ",
    " 98    6 ",
    "8   6   3",
    "4  8 3  1",
    "7   2   6",
    " 6    28 ",
    "   419  5",
    "    8  79",
]
SCORES = [
    ["1", "53", "56", "109"],
    ["2", "40", "", "40"],
    ["3", "", "41", "41"],
    ["10", "9", "38", "47"],
    ["11", "61", "7", "68"],
]


def sudoku(pitch: float = 1.8) -> list[Character]:
    return [
        each
        for number, row in enumerate(SUDOKU)
        for each in cells(row, top=100 + number * pitch * 40, pitch=pitch)
    ]


def sheet(
    rows: Sequence[Sequence[str]], column: float = 120, spacing: float = 70, **how: float
) -> list[Character]:
    """Return the numbers of a table, aligned at the left of their columns."""
    return [
        each
        for y, row in enumerate(rows)
        for x, text in enumerate(row)
        for each in write(text, left=100 + x * column, top=100 + y * spacing, **how)
    ]


def turned(characters: Sequence[Character], degrees: float) -> list[Character]:
    """Return the characters on a page that is turned around its middle."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    result = []
    for each in characters:
        x, y = each.box.left - 400, each.box.top - 400
        result.append(moved(each, x * cosine - y * sine - x, x * sine + y * cosine - y))
    return result


def from_an_angle(characters: Sequence[Character], amount: float) -> list[Character]:
    """Return the characters on a page whose right side and bottom are further away."""
    result = []
    for each in characters:
        x, y = each.box.left - 400, each.box.top - 400
        away = 1 + amount * (x + y / 2) / 400
        result.append(moved(each, x / away - x, y / away - y))
    return result


def rows_of(characters: Sequence[Character], threshold: float = 0.5) -> list[list[str]]:
    order = np.random.default_rng(0).permutation(len(characters))
    table = table_of([characters[index] for index in order], threshold)
    assert table.unreadable == ()
    return [list(row) for row in table.rows]


def squares(rows: Sequence[str]) -> list[list[str]]:
    return [[symbol.strip() for symbol in row] for row in rows]


@pytest.mark.parametrize("pitch", [1.4, 1.8, 2.5])
@pytest.mark.parametrize("degrees", [0, 7, -14])
def test_sudoku_has_one_digit_per_cell_and_empty_cells(pitch: float, degrees: float) -> None:
    assert rows_of(turned(sudoku(pitch), degrees)) == squares(SUDOKU)


def test_the_same_sudoku_is_long_numbers_where_no_table_is_asked_for() -> None:
    assert group_numbers(sudoku(), 0.5)[0].number.text == "53"


@pytest.mark.parametrize("amount", [-0.07, 0.07])
@pytest.mark.parametrize("degrees", [0, 7])
def test_sudoku_may_be_photographed_from_an_angle(amount: float, degrees: float) -> None:
    for seed in range(5):
        uneven = jittered(sudoku(), 0.05, np.random.default_rng(seed))
        assert rows_of(from_an_angle(turned(uneven, degrees), amount)) == squares(SUDOKU)


@pytest.mark.parametrize("degrees", [0, 5, -12])
@pytest.mark.parametrize("column", [110, 160, 400])
def test_score_sheet_has_its_numbers_in_rows_and_columns(column: float, degrees: float) -> None:
    assert rows_of(turned(sheet(SCORES, column), degrees)) == SCORES


def test_lines_of_neighbouring_columns_may_be_offset() -> None:
    offset = [moved(each, 0, 10 if each.box.left > 200 else 0) for each in sheet(SCORES)]
    assert rows_of(offset) == SCORES


@pytest.mark.parametrize("column", [80, 150])
def test_a_row_written_wide_is_divided_as_the_other_rows_are(column: float) -> None:
    rows = [["53", "56"], ["40", "41"], ["17", "18"], ["22", "23"]]
    wide = sheet(rows[:1], column, gap=0.45)
    assert rows_of(wide + moved_down(sheet(rows[1:], column), 70)) == rows


def moved_down(characters: Sequence[Character], pixels: float) -> list[Character]:
    return [moved(each, 0, pixels) for each in characters]


def test_numbers_with_an_inner_gap_are_in_one_column_with_those_without() -> None:
    rows = [["12345", "1"], ["12345", "2"], ["12 345", "3"], ["12345", "4"], ["12345", "5"]]
    whole = [[row[0].replace(" ", ""), row[1]] for row in rows]
    assert rows_of(sheet(rows, column=300)) == whole


def test_column_with_a_single_number_is_kept() -> None:
    rows = [[str(number + 10), "", "20"] for number in range(12)]
    rows[7][1] = "5"
    assert rows_of(sheet(rows)) == rows


def test_heading_across_columns_does_not_join_them() -> None:
    heading = write("12/05/2026", left=110, top=30)
    assert rows_of([*heading, *sheet(SCORES)])[1:] == SCORES


@pytest.mark.parametrize("heading", ["2025", "12345678"])
def test_number_above_a_table_does_not_join_its_columns(heading: str) -> None:
    rows = [["1", "3", "5", "7"], ["7", "8", "9", "2"], ["4", "6", "8", "3"]]
    characters = [*write(heading, left=220, top=20), *sheet(rows, column=70)]
    assert rows_of(characters)[1:] == rows


def test_marks_are_read_in_cells_and_a_dash_alone_is_an_empty_cell() -> None:
    rows = [["1", "3.14", "-5"], ["2", "12:30", "-"], ["3", "1/2", "7"], ["4", "0.5", "-12"]]
    read = [[each if each != "-" else "" for each in row] for row in rows]
    assert rows_of(sheet(rows, column=200)) == read


def test_unreadable_cells_are_empty_and_named() -> None:
    characters = sheet([["53", "56"], ["40", "41"], ["17", "18"]])
    either = character({"1": 0.45, "7": 0.45}, 100, 170, 24, 40)
    characters[4] = either  # the 4 of 40
    characters[10] = doubtful(characters[10], 0.6)  # the 1 of 18
    table = table_of(characters, threshold=0.7)
    assert table.rows == (("53", "56"), ("", "41"), ("17", ""))
    first, second = table.unreadable
    assert (first.row, first.column, first.text) == (2, 1, "?0")
    assert first.box.left == 100
    assert (second.row, second.column) == (3, 2)


def test_weak_ink_in_a_cell_makes_it_unreadable_but_no_cell_of_its_own() -> None:
    characters = sheet([["53", "56"], ["40", "41"]])
    right_of_41 = doubtful(write("7", left=274, top=170)[0], 0.4)
    far_away = doubtful(write("7", left=600, top=100)[0], 0.4)
    table = table_of([*characters, right_of_41, far_away], threshold=0.7)
    assert table.rows == (("53", "56"), ("40", ""))
    assert [(each.row, each.column, each.text) for each in table.unreadable] == [(2, 2, "41")]


@pytest.mark.parametrize("characters", [[], write("--"), [doubtful(write("5")[0], 0.2)]])
def test_page_without_numbers_has_no_rows(characters: list[Character]) -> None:
    assert table_of(characters, 0.5) == Table((), ())


def test_lone_number_is_a_table_of_one_cell() -> None:
    assert rows_of(write("3.14")) == [["3.14"]]


def test_table_is_written_as_csv(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    rows = [["1", "1,234", ""], ["2", "-5", "12/05/26"]]
    write_table(rows, path)
    assert path.read_bytes() == b'1,"1,234",\n2,-5,12/05/26\n'
    with path.open(newline="") as file:
        assert list(csv.reader(file)) == rows


def test_table_that_cannot_be_written_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.mkdir()
    with pytest.raises(OSError, match=r"scores\.csv"):
        write_table([["1"]], path)
    assert list(tmp_path.iterdir()) == [path]
