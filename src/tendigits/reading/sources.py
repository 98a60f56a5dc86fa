"""The pictures that a command line names: files, folders, standard input."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from tendigits.errors import PictureError
from tendigits.pictures.decode import MAX_BYTES

STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Source:
    """A picture to read.

    Attributes:
        name: what to call it.
        picture: its path, or the bytes that came by standard input.
    """

    name: str
    picture: Path | bytes


def find_sources(words: Iterable[str]) -> Iterator[Source]:
    """Yield the pictures that `words` name; a folder stands for the pictures in and under it."""
    for word in words:
        path = Path(word)
        if word == STANDARD_INPUT:
            yield Source(word, sys.stdin.buffer.read(MAX_BYTES + 1))
        elif path.is_dir():
            yield from (Source(str(each), each) for each in _pictures_in(path))
        else:
            yield Source(word, path)


def _pictures_in(folder: Path) -> Iterator[Path]:
    suffixes = Image.registered_extensions()
    found = (path for path in folder.rglob("*") if path.suffix.lower() in suffixes)
    pictures = sorted(path for path in found if path.is_file())
    if not pictures:
        raise PictureError(f"There is no picture in the folder {folder}; give another.")
    yield from pictures
