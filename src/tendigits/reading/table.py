"""The numbers of a page in rows and columns.

The gaps within a row cannot tell whether evenly spaced digits are one number or a cell each, as in
a sudoku. The columns can, as they repeat from row to row:

1. The characters of a line are divided at each gap wider than half their height, into parts.
2. The parts of all lines are aligned from top to bottom as characters are from left to right, so
   that columns may lean, and so may the page.
3. A part that is much wider than its column is divided where its characters lie in other columns.
   Two columns are one if more parts are divided between them than rows have a part in each, or if
   one lies inside the other.
4. All that is in the same row and column is one number.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from tendigits import files
from tendigits.images.box import Box
from tendigits.reading.alignment import TYPICAL, Alignment, align, bands
from tendigits.reading.characters import Character, box_around
from tendigits.reading.lines import Line, find_lines
from tendigits.reading.numbers import (
    NARROWEST_DIGIT,
    UNREADABLE,
    Number,
    divide,
    likely_characters,
    spell_number,
)

# The widest gap within a part, relative to the line's height.
PART_GAP = 0.5
# The smallest overlap of a part with its column; columns are apart, and their numbers ragged.
OVERLAP = 0.1


@dataclass(frozen=True)
class UnreadableCell:
    """A cell with a number that could not be read, or not with enough confidence.

    Attributes:
        row: from 1, from top to bottom.
        column: from 1, from left to right.
        box: where the number is, in the pixels in which the characters were given.
        text: what was read, with `?` for a digit that cannot be told.
    """

    row: int
    column: int
    box: Box
    text: str


@dataclass(frozen=True)
class Table:
    """The numbers of a page.

    Attributes:
        rows: the text of each cell, row by row, all of the same length; empty where there is no
            number, or an unreadable one. No row and no column is without any number.
        unreadable: the cells that are empty because their number could not be read.
    """

    rows: tuple[tuple[str, ...], ...]
    unreadable: tuple[UnreadableCell, ...]


@dataclass(frozen=True)
class _Part:
    """Characters of a line that are close to each other, by their position in the line."""

    row: int
    characters: tuple[int, ...]


# The characters of each cell, by row and column.
_Cells = Mapping[tuple[int, int], Sequence[int]]


def table_of(characters: Sequence[Character], threshold: float) -> Table:
    """Return the table of a page.

    Args:
        characters: what was found on the page, in any order; no two of them for the same ink.
        threshold: the confidence below which a number is not accepted, from 0 to 1.
    """
    lines = find_lines(characters)
    likely = [likely_characters(line, threshold) for line in lines]
    parts = [
        _Part(row, tuple(run))
        for row, (line, elements) in enumerate(zip(lines, likely, strict=True))
        for run in divide(line, elements, PART_GAP * line.height)
        if not all(line.characters[at].is_mark for at in run)
    ]
    numbers = {
        place: number
        for place, cell in _cells(lines, parts).items()
        if (number := _number(lines[place[0]], cell, likely[place[0]], threshold))
    }
    return _table(numbers, threshold)


def write_table(rows: Sequence[Sequence[str]], path: Path) -> None:
    """Write the rows of a table as CSV; the file appears whole or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    files.write_text(path, as_csv(rows))


def as_csv(rows: Sequence[Sequence[str]]) -> str:
    """Return the rows of a table as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _table(numbers: Mapping[tuple[int, int], Number], threshold: float) -> Table:
    rows = sorted({row for row, _ in numbers})
    columns = sorted({column for _, column in numbers})
    texts = [[""] * len(columns) for _ in rows]
    unreadable = []
    for (row, column), number in sorted(numbers.items()):
        y, x = rows.index(row), columns.index(column)
        if UNREADABLE in number.text or number.confidence < threshold:
            unreadable.append(UnreadableCell(y + 1, x + 1, number.box, number.text))
        else:
            texts[y][x] = number.text
    return Table(tuple(map(tuple, texts)), tuple(unreadable))


def _number(
    line: Line, cell: Sequence[int], likely: Sequence[int], threshold: float
) -> Number | None:
    """Return the number in a cell, as if the line held no other cells."""
    elsewhere = set(likely) - set(cell)
    own = [at for at in range(len(line.characters)) if at not in elsewhere]
    alone = Line(
        tuple(line.indices[at] for at in own),
        tuple(line.characters[at] for at in own),
        line.height,
        line.slope,
    )
    run = [own.index(at) for at in cell]
    spelled = spell_number(alone, run, PART_GAP * line.height, threshold)
    return spelled.number if spelled else None


def _cells(lines: Sequence[Line], parts: Sequence[_Part]) -> _Cells:
    if not parts:
        return {}
    boxes = [_transposed_box(lines[part.row], part) for part in parts]
    columns = _Columns(parts, align(np.array(boxes), range(len(parts)), OVERLAP, -lines[0].slope))
    cells: dict[tuple[int, int], list[int]] = defaultdict(list)
    for part, place in zip(parts, columns.places(lines), strict=True):
        for at, column in zip(part.characters, place, strict=True):
            cells[part.row, column].append(at)
    return {place: sorted(cell) for place, cell in cells.items()}


def _transposed_box(line: Line, part: _Part) -> tuple[float, float, float, float]:
    """Return the box of a part with x and y exchanged; a 1 is as wide as other digits."""
    box = box_around([line.characters[at] for at in part.characters])
    wider = max(0.0, NARROWEST_DIGIT * line.height - box.width) / 2
    return box.top, box.left - wider, box.bottom, box.right + wider


class _Columns:
    """The columns of a page, and what is in several of them."""

    def __init__(self, parts: Sequence[_Part], alignment: Alignment) -> None:
        self.parts = parts
        self.view, boxes = alignment.view, alignment.boxes
        self.of = {at: number for number, line in enumerate(alignment.lines) for at in line}
        widths = boxes[:, 3] - boxes[:, 1]
        usual = [float(np.median(widths[list(line)])) for line in alignment.lines]
        self.is_wide = [widths[at] > TYPICAL[1] * usual[self.of[at]] for at in range(len(parts))]
        self.cores = [
            boxes[[at for at in line if not self.is_wide[at]]] for line in alignment.lines
        ]

    def places(self, lines: Sequence[Line]) -> list[list[int]]:
        """Return the column of each character of each part."""
        places = [
            self._divided(lines[part.row], at, part)
            if self.is_wide[at]
            else [self.of[at]] * len(part.characters)
            for at, part in enumerate(self.parts)
        ]
        merged = self._merged(places)
        return [[merged[column] for column in place] for place in places]

    def _divided(self, line: Line, at: int, part: _Part) -> list[int]:
        """Return the column of each character of a part that is wider than its column."""
        boxes = [line.characters[each].box for each in part.characters]
        down = np.array([box.top + box.bottom for box in boxes]) / 2
        across = self.view.level(down, np.array([box.left + box.right for box in boxes]) / 2)
        sides = np.array([bands(core, down) for core in self.cores])
        # (columns, characters): how far each character is outside of each column.
        outside = np.maximum(0, np.maximum(sides[:, 0] - across, across - sides[:, 1]))
        reached = np.flatnonzero((outside == 0).any(axis=1))
        if len(reached) < 2:
            return [self.of[at]] * len(boxes)
        return [int(column) for column in reached[outside[reached].argmin(axis=0)]]

    def _merged(self, places: Sequence[Sequence[int]]) -> list[int]:
        """Return for each column the first of the columns that it is one with."""
        rows: dict[int, set[int]] = defaultdict(set)
        divided: Counter[tuple[int, int]] = Counter()
        for part, place in zip(self.parts, places, strict=True):
            columns = sorted(set(place))
            divided.update(pairwise(columns))
            if len(columns) == 1:
                rows[columns[0]].add(part.row)
        # In how many rows there may be numbers in both columns of a pair that are yet one.
        most = {pair: count - 1 for pair, count in divided.items()}
        for pair, wider in self._inside_others().items():
            most[pair] = max(most.get(pair, 0), len(rows[wider]) - 1)
        merged = list(range(len(self.cores)))
        for pair in sorted(most):
            first, second = sorted(merged[column] for column in pair)
            common = _rows_of(first, merged, rows) & _rows_of(second, merged, rows)
            if first != second and len(common) <= most[pair]:
                merged = [first if each == second else each for each in merged]
        return merged

    def _inside_others(self) -> dict[tuple[int, int], int]:
        """Return the pairs of columns of which one is, by half of its width, in no third one.

        The value is the wider one of the two.
        """
        lefts, rights = np.array([np.median(core[:, [1, 3]], axis=0) for core in self.cores]).T
        overlaps = np.minimum(rights, rights[:, None]) - np.maximum(lefts, lefts[:, None])
        widths = rights - lefts
        is_inside = overlaps >= 0.5 * np.minimum(widths, widths[:, None])
        np.fill_diagonal(is_inside, False)
        pairs = np.argwhere(is_inside & (is_inside.sum(axis=1) == 1)[:, None])
        return {
            (min(pair), max(pair)): max(pair, key=lambda column: float(widths[column]))
            for pair in pairs.tolist()
        }


def _rows_of(
    column: int, merged: Sequence[int], rows: Mapping[int, AbstractSet[int]]
) -> AbstractSet[int]:
    """Return the rows with a number in any of the columns that are one with `column`."""
    return {row for at, first in enumerate(merged) if first == column for row in rows.get(at, ())}
