"""The pictures that a command line names: files, folders, standard input."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from tendigits.errors import PictureError
from tendigits.images.decode import MAX_BYTES

STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Source:
    """A picture to read.

    Attributes:
        name: what to call it.
        path: where it is; None where it comes by standard input.
    """

    name: str
    path: Path | None

    def picture(self) -> Path | bytes:
        """Return the path, or the bytes that come by standard input."""
        return sys.stdin.buffer.read(MAX_BYTES + 1) if self.path is None else self.path


def find_sources(words: Iterable[str]) -> list[Source]:
    """Return the pictures that `words` name; a folder stands for the pictures in and under it.

    Raises:
        PictureError: a folder holds no picture.
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
    suffixes = Image.registered_extensions()
    found = (path for path in folder.rglob("*") if path.suffix.lower() in suffixes)
    pictures = sorted(path for path in found if path.is_file())
    if not pictures:
        raise PictureError(f"There is no picture in the folder {folder}; give another.")
    return pictures
