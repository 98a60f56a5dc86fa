"""The pictures that the words of a command line name."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from tendigits.errors import PictureError
from tendigits.images.decode import FORMATS, MAX_BYTES

STANDARD_INPUT = "-"
# Of the formats that Pillow does not know by itself.
DOCUMENTS = {".pdf", ".heic", ".heif"}


@dataclass(frozen=True)
class Source:
    """A picture or document to read.

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


def _sources(word: str) -> list[Source]:
    path = Path(word)
    if word == STANDARD_INPUT:
        return [Source(word, None)]
    if path.is_dir():
        return [Source(str(each), each) for each in _pictures_in(path)]
    return [Source(word, path)]


def _pictures_in(folder: Path) -> list[Path]:
    # Documents are named even where the libraries that decode them are not installed: each then
    # gives an error that says what to install.
    known = Image.registered_extensions().items()
    suffixes = DOCUMENTS.union(suffix for suffix, kind in known if kind in FORMATS)
    found = (path for path in folder.rglob("*") if path.suffix.lower() in suffixes)
    pictures = sorted(path for path in found if path.is_file())
    if not pictures:
        raise PictureError(f"The folder {folder} contains no pictures; choose another folder.")
    return pictures
