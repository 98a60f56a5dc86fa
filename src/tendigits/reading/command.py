"""`tendigits read`: reads pictures in order, prints the results and writes files about them."""

import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from tendigits.errors import Interrupted, PatternError, PictureError
from tendigits.files import write_bytes
from tendigits.reading.pages import (
    CSV_COLUMNS,
    PageReader,
    PageResult,
    ReadSettings,
    csv_row,
    file_stem,
)
from tendigits.reading.sources import Source

if TYPE_CHECKING:
    from tendigits.reading.crops import CropFolder
    from tendigits.reading.table import Table

# Modules that only an option needs are imported with it, so that a picture is read sooner.

# Exit codes: all was read; no number fits, or cells of a table are empty; there were errors.
COMPLETE, INCOMPLETE, ERROR = 0, 1, 2
# A further process is worth its start, which takes about as long as reading this many pictures.
PICTURES_PER_PROCESS = 16


@dataclass(frozen=True)
class Outputs:
    """The files to write.

    Attributes:
        explain: a drawing of what was read; with several pages, the start of their names.
        crops: the folder for the frames.
        table: the numbers of the one page, as CSV.
    """

    explain: Path | None = None
    crops: Path | None = None
    table: Path | None = None


@dataclass(frozen=True)
class ReadCommand:
    """Reads pictures and prints the results.

    Attributes:
        settings: how pictures are read.
        outputs: the files to write.
        jobs: the most processes to use.
    """

    settings: ReadSettings
    outputs: Outputs
    jobs: int

    def read_all(self, sources: Sequence[Source], step: Callable[[str, int, int], None]) -> int:
        """Read pictures, print the results in order, and return the exit code.

        Args:
            sources: the pictures; a few at a time are in memory.
            step: called with what is done, the number of pictures read, and their total.

        Raises:
            Interrupted: on Ctrl-C; the results so far are printed.
            TendigitsError: an option is invalid, or a file cannot be written.
        """
        self._check_table(sources)
        keep = self.outputs.crops is not None or self.outputs.table is not None
        draw = self.outputs.explain is not None
        reader = PageReader(replace(self.settings, keep=keep, draw=draw))
        writer = PageWriter(self.outputs, is_single=len(sources) == 1)
        done, exit_code = 0, COMPLETE
        start = monotonic()
        step("Reading", done, len(sources))
        if self.settings.csv:
            print(csv_row(CSV_COLUMNS), flush=True)
        try:
            with closing(self._pages(reader, sources)) as read:
                for pages in read:
                    for page in pages:
                        exit_code = max(exit_code, self._show(page, reader.reader.threshold))
                        writer.write(page)
                    done += 1
                    rate = done / (monotonic() - start)
                    step(f"Reading {rate:,.1f} pictures/s", done, len(sources))
        except KeyboardInterrupt:
            raise Interrupted(f"Stopped: {done} of {len(sources)} pictures were read.") from None
        finally:
            writer.close()
        return exit_code

    def _pages(
        self, reader: PageReader, sources: Sequence[Source]
    ) -> Generator[Iterable[PageResult]]:
        """Yield the pages of each picture, read in this process or, if many, in several others."""
        processes = min(self.jobs, len(sources) // PICTURES_PER_PROCESS)
        if processes > 1:
            from tendigits.reading.processes import read_in_processes  # noqa: PLC0415 - it is slow

            yield from read_in_processes(sources, reader.settings, processes)
        else:
            for source in sources:
                yield reader.read(source.name, source.picture())

    def _show(self, page: PageResult, threshold: float) -> int:
        """Print a page, write its files, and return its exit code."""
        if self.outputs.table is not None and page.number is not None:
            raise PictureError(f"{page.name} has several pages; give --table a file with one page.")
        is_sentence = page.status == "error" and not self.settings.has_errors_in_output
        print(page.output, file=sys.stderr if is_sentence else sys.stdout, flush=True)
        exit_code = {"error": ERROR, "no fit": INCOMPLETE}.get(page.status, COMPLETE)
        if page.reading is None:
            return exit_code
        if self.outputs.table is not None:
            from tendigits.reading.table import table_of  # noqa: PLC0415

            table = table_of(page.reading.characters, threshold)
            return _write_table(page.name, table, self.outputs.table)
        return exit_code

    def _check_table(self, sources: Sequence[Source]) -> None:
        if self.outputs.table is None:
            return
        if len(sources) > 1:
            raise PictureError("--table takes one picture at a time; give a single one.")
        if self.settings.length is not None or self.settings.pattern is not None:
            raise PatternError("--table reads all numbers; leave out --length and --pattern.")


class PageWriter:
    """Writes the frames and the drawing of each page."""

    def __init__(self, outputs: Outputs, *, is_single: bool) -> None:
        """Prepare the files to write.

        Args:
            outputs: which files to write.
            is_single: whether there is a single picture; it may have several pages.

        Raises:
            DataError: the labels in the folder for the frames are damaged.
        """
        self._crops = None if outputs.crops is None else _crop_folder(outputs.crops)
        self._explain = outputs.explain
        self._is_single = is_single
        self._drawn: Counter[str] = Counter()

    def write(self, page: PageResult) -> None:
        """Write the files about a page.

        Raises:
            PictureError: they cannot be written.
        """
        if self._crops is not None and page.reading is not None:
            self._crops.add(file_stem(page), page.reading)
        if self._explain is not None and page.drawing is not None:
            self._draw(self._explain, page, page.drawing)

    def close(self) -> None:
        """Write the labels of the frames that are not written yet."""
        if self._crops is not None:
            self._crops.write_labels()

    def _draw(self, path: Path, page: PageResult, drawing: bytes) -> None:
        if not self._is_single or page.number is not None:
            stem = f"{path.stem}-{file_stem(page)}"
            self._drawn[stem] += 1  # pictures in different folders can have one name
            number = f"-{self._drawn[stem]}" if self._drawn[stem] > 1 else ""
            path = path.with_name(f"{stem}{number}{path.suffix}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, drawing)
        except OSError as error:
            raise PictureError(
                f"{path} cannot be written: {error.strerror or error}; choose another path."
            ) from error


def _crop_folder(folder: Path) -> "CropFolder":
    from tendigits.reading.crops import CropFolder  # noqa: PLC0415

    return CropFolder(folder)


def _write_table(name: str, table: "Table", path: Path) -> int:
    """Write a table, report the cells that could not be read, and return the exit code."""
    from tendigits.reading.table import write_table  # noqa: PLC0415

    if not table.rows:
        raise PictureError(f"{name} contains no numbers; give a picture of a table.")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(table.rows, path)
    for cell in table.unreadable:
        print(
            f"tendigits: Row {cell.row}, column {cell.column} of {path} is empty: {cell.text} was "
            "read with too little confidence.",
            file=sys.stderr,
        )
    return INCOMPLETE if table.unreadable else COMPLETE
