"""The pages of one picture or document: each is read, and turned into what is printed for it."""

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tendigits.errors import PictureError
from tendigits.images import Picture, PictureSource, decode_pages
from tendigits.reading.fitting import wanted_pattern
from tendigits.reading.reader import Reader
from tendigits.reading.results import Reading

CSV_COLUMNS = ("file", "page", "text", "confidence", "status", "error")


@dataclass(frozen=True)
class ReadSettings:
    """How pictures are read, and what becomes of the results.

    Attributes:
        model: a model file, or the name of a pretrained model.
        threshold: the confidence below which a digit is rejected; the model's own if None.
        length: the number of digits, such as "3" or "3-6", of the one number to read.
        pattern: the pattern of the one number to read.
        json: whether to print a JSON object for each page instead of text.
        csv: whether to print a row of comma-separated values for each page instead of text.
        keep: whether the readings are needed after they were printed.
        draw: whether each page is drawn with what was read on it.
    """

    model: str
    threshold: float | None = None
    length: str | None = None
    pattern: str | None = None
    json: bool = False
    keep: bool = False
    draw: bool = False
    csv: bool = False

    @property
    def has_errors_in_output(self) -> bool:
        """Whether errors are part of the output, instead of sentences beside it."""
        return self.json or self.csv


@dataclass(frozen=True, eq=False)
class PageResult:
    """A page that was read, or that cannot be read.

    Attributes:
        name: the name of the picture.
        number: the number of the page, from 1; None if the picture has a single page.
        status: that of its reading, or `error`.
        output: what is printed for it.
        reading: what was read, if it is to be kept.
        drawing: the page with what was read on it, as PNG, if it is to be drawn.
    """

    name: str
    number: int | None
    status: Literal["read", "empty", "no fit", "error"]
    output: str
    reading: Reading | None = None
    drawing: bytes | None = None


class PageReader:
    """Reads pictures page by page.

    Attributes:
        settings: how they are read.
        reader: the reader that is used.
    """

    def __init__(self, settings: ReadSettings, threads: int | None = None) -> None:
        """Load the model.

        Args:
            settings: how pictures are read.
            threads: how many threads to compute with; one per core when None.

        Raises:
            ModelError: the model file is damaged or not a model file, or its classes are not the
                ten digits.
            PictureError: the threshold is not from 0 to 1.
            PatternError: the length or the pattern is invalid, or both are given.
        """
        self.settings = settings
        self._pattern = wanted_pattern(settings.length, settings.pattern)
        self.reader = Reader(settings.model, settings.threshold, threads)

    def read(self, name: str, picture: PictureSource) -> Iterator[PageResult]:
        """Yield the result of each page of a picture; the last one may be an error.

        Each page is yielded when it is known whether there is another one.
        """
        last: _Page | None = None
        for page in self._pages(picture):
            if last is not None:
                yield self._result(name, last, last.number)
            last = page
        if last is not None:
            number = last.number if last.number > 1 else None
            yield self._result(name, last, number)

    def _pages(self, picture: PictureSource) -> Iterator["_Page"]:
        number = 1
        try:
            for page in decode_pages(picture):
                yield _Page(number, page, self.reader.read_page(page, self._pattern))
                number += 1
        except PictureError as error:
            yield _Page(number, None, error)

    def _result(self, name: str, page: "_Page", number: int | None) -> PageResult:
        if self.settings.csv:
            output = _csv_of(name, page)
        else:
            output = _json_of(name, page) if self.settings.json else _text_of(name, page, number)
        if isinstance(page.content, PictureError):
            return PageResult(name, number, "error", output)
        drawing = None
        if self.settings.draw and page.picture is not None:
            from tendigits.reading.explain import draw_explanation  # noqa: PLC0415 - as above

            drawing = draw_explanation(page.picture, page.content)
        reading = page.content if self.settings.keep else None
        return PageResult(name, number, page.content.status, output, reading, drawing)


@dataclass(frozen=True, eq=False)
class _Page:
    number: int
    picture: Picture | None
    content: Reading | PictureError


def as_text(name: str, reading: Reading) -> str:
    """Return the text that was read in a picture, its confidence and the picture's name.

    If the picture has several lines, they follow, indented.
    """
    if reading.status != "read":
        return f"{f'({reading.status})':<10} {'':>5}  {name}"
    first, *further = reading.text.split("\n")
    title = f"({1 + len(further)} lines)" if further else first
    lines = [f"  {line}" for line in (first, *further)] if further else []
    return "\n".join([f"{title:<10} {reading.confidence:.3f}  {name}", *lines])


def file_stem(result: PageResult) -> str:
    """Return the start of the names of files about a page."""
    stem = Path(result.name).stem if result.name != "-" else "stdin"
    stem = stem.encode("utf-8", "backslashreplace").decode().replace("\\", "_")
    return stem if result.number is None else f"{stem}-page-{result.number}"


def _text_of(name: str, page: _Page, number: int | None) -> str:
    if isinstance(page.content, PictureError):
        return f"tendigits: {page.content}"
    return as_text(name if number is None else f"{name}, page {number}", page.content)


def _json_of(name: str, page: _Page) -> str:
    # Importing it takes time that text need not wait for.
    from tendigits.reading.schemas import PictureResult  # noqa: PLC0415

    if isinstance(page.content, PictureError):
        result = PictureResult.from_error(name, page.content, page=page.number)
    else:
        result = PictureResult.from_reading(name, page.content, page=page.number)
    return json.dumps(result.to_dict())


def csv_row(values: Sequence[object]) -> str:
    """Return values as a row of a CSV file, without the end of the line."""
    import csv  # noqa: PLC0415 - only an option needs it

    row = io.StringIO()
    # The module quotes line ends in a value only if they are among those of the rows.
    csv.writer(row, lineterminator="\r\n").writerow(values)
    return row.getvalue().removesuffix("\r\n")


def _csv_of(name: str, page: _Page) -> str:
    if isinstance(page.content, PictureError):
        return csv_row([name, page.number, "", "", "error", page.content])
    reading = page.content
    confidence = f"{reading.confidence:.6f}"
    return csv_row([name, page.number, reading.text, confidence, reading.status, ""])
