"""`tendigits read`: finds pictures, reads them one after another and prints each result."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from tendigits.errors import Interrupted, PictureError
from tendigits.images.decode import MAX_BYTES
from tendigits.reading.explain import draw_explanation, write_crops
from tendigits.reading.reader import Reader, Reading
from tendigits.reading.schemas import PictureResult

STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Source:
    """A picture to read.

    Attributes:
        name: the name to print.
        path: the file; None for standard input.
    """

    name: str
    path: Path | None

    def picture(self) -> Path | bytes:
        """Return the path, or the bytes from standard input."""
        return sys.stdin.buffer.read(MAX_BYTES + 1) if self.path is None else self.path


def find_sources(words: Iterable[str]) -> list[Source]:
    """Return the pictures that `words` name: files, `-`, or folders with all pictures below them.

    Raises:
        PictureError: a folder contains no pictures.
    """
    return [source for word in words for source in _sources(word)]


@dataclass(frozen=True)
class ReadCommand:
    """How pictures are read and how the results are printed.

    Attributes:
        reader: reads the pictures.
        json: whether to print a JSON object for each picture instead of a line of text.
        explain: where to draw what was read; the last picture's drawing is kept.
        crops: the folder to write the frames to.
    """

    reader: Reader
    json: bool
    explain: Path | None
    crops: Path | None

    def read_all(self, sources: Sequence[Source], step: Callable[[str, int, int], None]) -> bool:
        """Read pictures one after another; return whether all of them could be read.

        Args:
            sources: the pictures; one at a time is in memory.
            step: called with the name of the step, the number of pictures read, and their total.

        Raises:
            Interrupted: on Ctrl-C; the results so far are printed.
        """
        done, all_read = 0, True
        try:
            for done, source in enumerate(sources):
                step("Reading", done, len(sources))
                all_read &= self.read(source)
        except KeyboardInterrupt:
            raise Interrupted(f"Stopped: {done} of {len(sources)} pictures were read.") from None
        return all_read

    def read(self, source: Source) -> bool:
        """Read one picture and print the result; return whether it could be read."""
        picture = source.picture()
        try:
            reading = self.reader.read(picture)
        except PictureError as error:
            if self.json:
                _print_json(PictureResult.from_error(source.name, error))
            else:
                print(f"tendigits: {error}", file=sys.stderr)
            return False
        if self.explain is not None:
            draw_explanation(picture, reading, self.explain)
        if self.crops is not None:
            write_crops(source.name, reading, self.crops)
        result = PictureResult.from_reading(source.name, reading)
        if self.json:
            _print_json(result)
        else:
            print(as_line(result.file, reading), flush=True)
        return True


def as_line(file: str, reading: Reading) -> str:
    """Return the text that was read in a picture, its confidence and the picture's name."""
    if reading.status == "empty":
        return f"{'(empty)':<10} {'':>5}  {file}"
    return f"{reading.text:<10} {reading.confidence:.3f}  {file}"


def _print_json(result: PictureResult) -> None:
    print(json.dumps(result.to_dict()), flush=True)


def _sources(word: str) -> list[Source]:
    path = Path(word)
    if word == STANDARD_INPUT:
        return [Source(word, None)]
    if path.is_dir():
        return [Source(str(each), each) for each in _pictures_in(path)]
    return [Source(word, path)]


def _pictures_in(folder: Path) -> list[Path]:
    suffixes = Image.registered_extensions()
    found = (path for path in folder.rglob("*") if path.suffix.lower() in suffixes)
    pictures = sorted(path for path in found if path.is_file())
    if not pictures:
        raise PictureError(f"The folder {folder} contains no pictures; choose another folder.")
    return pictures
