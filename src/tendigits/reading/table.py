"""The numbers of a page in rows and columns.

The gaps within a row cannot tell whether evenly spaced digits are one number or a cell each, as in
a sudoku. The columns can, as they repeat from row to row:

1. The characters of a line are divided at each gap wider than half their height, into parts.
2. The parts of all lines are aligned from top to bottom as characters are from left to right, so
   that columns may lean, and so may the page.
3. A part that is much wider than its column is divided where its characters lie in other columns;
   two columns are one if more parts are divided between them than rows have a part in each.
4. All that is in the same row and column is one number.
"""

import csv
import io
import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    )
    run = [own.index(at) for at in cell]
    spelled = spell_number(alone, run, PART_GAP * line.height, threshold)
    return spelled.number if spelled else None


def _cells(lines: Sequence[Line], parts: Sequence[_Part]) -> _Cells:
    if not parts:
        return {}
    boxes = [_transposed_box(lines[part.row], part) for part in parts]
    columns = _Columns(align(np.array(boxes), range(len(parts)), OVERLAP))
    places = [columns.places(lines[part.row], at, part) for at, part in enumerate(parts)]
    merged = _merged(parts, places)
    cells: dict[tuple[int, int], list[int]] = defaultdict(list)
    for part, place in zip(parts, places, strict=True):
        for at, column in zip(part.characters, place, strict=True):
            cells[part.row, merged[column]].append(at)
    return {place: sorted(cell) for place, cell in cells.items()}


def _transposed_box(line: Line, part: _Part) -> tuple[float, float, float, float]:
    """Return the box of a part with x and y exchanged; a 1 is as wide as other digits."""
    box = box_around([line.characters[at] for at in part.characters])
    wider = max(0.0, NARROWEST_DIGIT * line.height - box.width) / 2
    return box.top, box.left - wider, box.bottom, box.right + wider


class _Columns:
    """The columns of a page, for dividing what is in several of them."""

    def __init__(self, alignment: Alignment) -> None:
        self.view, self.level = alignment.view, alignment.boxes
        self.of = {at: number for number, line in enumerate(alignment.lines) for at in line}
        self.widths = self.level[:, 3] - self.level[:, 1]
        self.usual = [float(np.median(self.widths[list(line)])) for line in alignment.lines]
        self.cores = [
            self.level[[at for at in line if self.widths[at] <= TYPICAL[1] * usual]]
            for line, usual in zip(alignment.lines, self.usual, strict=True)
        ]

    def places(self, line: Line, at: int, part: _Part) -> list[int]:
        """Return the column of each character of a part."""
        own = self.of[at]
        if self.widths[at] <= TYPICAL[1] * self.usual[own]:
            return [own] * len(part.characters)
        boxes = [line.characters[each].box for each in part.characters]
        down = np.array([box.top + box.bottom for box in boxes]) / 2
        across = self.view.level(down, np.array([box.left + box.right for box in boxes]) / 2)
        columns = np.full(len(boxes), own)
        for number, core in enumerate(self.cores):
            left, right = bands(core, down)
            columns[(left <= across) & (across <= right)] = number
        return columns.tolist()


def _merged(parts: Sequence[_Part], places: Sequence[Sequence[int]]) -> list[int]:
    """Return for each column the first of the columns that it is one with."""
    rows: dict[int, set[int]] = defaultdict(set)
    divided: Counter[tuple[int, int]] = Counter()
    for part, place in zip(parts, places, strict=True):
        columns = sorted(set(place))
        divided.update(itertools.pairwise(columns))
        if len(columns) == 1:
            rows[columns[0]].add(part.row)
    merged = list(range(1 + max(max(place) for place in places)))
    for (left, right), count in sorted(divided.items()):
        if count > len(rows[left] & rows[right]):
            merged[right] = merged[left]
    return merged
