"""What the server asks its workers to do, and what comes of it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tendigits.images.documents import is_pdf
from tendigits.reading.automaton import Pattern
from tendigits.reading.occlusion import Occlusion
from tendigits.server.read_responses import ReadResponse

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the last two are BigTIFF


@dataclass(frozen=True, eq=False)
class ReadOptions:
    """What a client wants to know of a picture.

    Attributes:
        frames: whether the result has the frames and the ten probabilities.
        pattern: if given, the number that fits it is sought, and nothing else.
        table: whether the result has the table.
    """

    frames: bool = False
    pattern: Pattern | None = None
    table: bool = False


@dataclass(frozen=True, eq=False)
class Picture:
    """A task: read a picture.

    Attributes:
        name: the name of the picture in the result.
        content: the bytes of a file, or grey levels (h, w) uint8.
        options: what the client wants to know.
    """

    name: str
    content: bytes | NDArray[np.uint8]
    options: ReadOptions = field(default_factory=ReadOptions)

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.nbytes

    @property
    def can_have_pages(self) -> bool:
        """Whether it can have several pages, so that reading it can take many seconds."""
        content = self.content
        return isinstance(content, bytes) and (content[:4] in _TIFF or is_pdf(content))


@dataclass(frozen=True, eq=False)
class FrameToOcclude:
    """A task: compute the occlusion map of a frame (28, 28) uint8."""

    frame: NDArray[np.uint8]
    can_have_pages = False

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self.frame.nbytes


@dataclass(frozen=True, eq=False)
class ReadPicture:
    """The outcome of a picture that was read.

    Attributes:
        results: the JSON of each of its pages, of which there is at least one.
        frames: (n, 28, 28) uint8, the frames of the digits on all pages.
    """

    results: tuple[ReadResponse, ...]
    frames: NDArray[np.uint8]


@dataclass(frozen=True)
class Rejected:
    """The outcome of a picture that cannot be read.

    Attributes:
        status: the HTTP status of the response.
        sentence: what is wrong with the picture.
        traceback: for the log, if the error is one of the reader.
    """

    status: int
    sentence: str
    traceback: str = ""


Task = Picture | FrameToOcclude
Outcome = ReadPicture | Occlusion | Rejected
