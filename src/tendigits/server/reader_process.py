"""A process that reads pictures: Python reads one at a time, so there is one a core.

It is started with a model file's content, takes batches of pictures by a pipe and sends back what
it has read in them. It ends when the pipe is closed, so also when the server is killed.
"""

import base64
import io
import signal
import traceback
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from tendigits.classifiers.model_file import load_model_bytes
from tendigits.errors import PictureError
from tendigits.reading.answer import as_answer
from tendigits.reading.occlusion import PATCH, STEP, occlude
from tendigits.reading.reader import Reader, Reading
from tendigits.server.answers import label_in_words

# What Pillow opens for a client: no format that starts another program.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture to read.

    Attributes:
        name: what to call it.
        content: the bytes of an image file, or grey levels (h, w) uint8.
        frames: whether the answer holds the frames and the ten probabilities.
        occlude: it is the grey levels of a frame, of which is asked on which strokes its answer
            hangs.
    """

    name: str
    content: bytes | NDArray[np.uint8]
    frames: bool = False
    occlude: bool = False


@dataclass(frozen=True, eq=False)
class Read:
    """What was read in a picture.

    Attributes:
        answer: the JSON object.
        text: one character a shape.
        frames: (n, 28, 28) uint8, the shapes' frames.
    """

    answer: dict[str, Any]
    text: str
    frames: NDArray[np.uint8]


@dataclass(frozen=True)
class Rejected:
    """A picture that cannot be read.

    Attributes:
        status: the HTTP status that tells why.
        sentence: what is wrong with it.
        fault: the stack, for the log, where it is the reader that is at fault.
    """

    status: int
    sentence: str
    fault: str = ""


def run_reader(connection: Connection, model: bytes, name: str, pixel_limit: int) -> None:
    """Read the batches that come by `connection` until it is closed."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C reaches all; the server ends this one
    # One thread: the other cores have readers of their own.
    reader = Reader(load_model_bytes(model, name, threads=1))
    connection.send("ready")
    while True:
        try:
            batch: Sequence[Picture] = connection.recv()
        except EOFError:
            return
        connection.send([read_picture(reader, picture, pixel_limit) for picture in batch])


def read_picture(reader: Reader, picture: Picture, pixel_limit: int) -> Read | Rejected:
    """Return what is read in a picture, or why it is rejected; nothing that it does is raised."""
    try:
        if isinstance(picture.content, bytes):
            rejected = _rejected_by_its_header(picture.content, pixel_limit)
            if rejected is not None:
                return rejected
        elif picture.occlude:
            return _occluded(reader, picture.content)
        reading = reader.read(picture.content)
    except PictureError as error:
        sentence = str(error)
        return Rejected(422, sentence[0].upper() + sentence[1:])
    except Exception:  # others are in the batch, and a picture may hold anything
        return Rejected(
            422, "The picture cannot be read; save it anew.", fault=traceback.format_exc()
        )
    answer = as_answer(picture.name, reading)
    frames = np.array([digit.frame for digit in reading.digits], np.uint8).reshape(-1, 28, 28)
    if picture.frames:
        _add_frames(answer, reading)
    return Read(answer, reading.text, frames)


def as_data_url(frame: NDArray[np.uint8]) -> str:
    """Return a frame (28, 28) uint8 as a PNG data URL."""
    file = io.BytesIO()
    Image.fromarray(frame).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _rejected_by_its_header(content: bytes, pixel_limit: int) -> Rejected | None:
    """Tell from a picture's header, before anything is decoded, whether it is rejected."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                pixels = image.width * image.height
    except Image.DecompressionBombError:
        return Rejected(413, f"The picture is too large; give at most {pixel_limit:,} pixels.")
    except UnidentifiedImageError:
        return Rejected(
            415, "This is no picture that can be read; give a PNG, JPEG, WebP, BMP, GIF or TIFF."
        )
    except Exception:  # a damaged file can raise nearly anything
        return Rejected(422, "The picture is damaged; save it anew.")
    if pixels > pixel_limit:
        return Rejected(413, f"The picture has {pixels:,} pixels; give at most {pixel_limit:,}.")
    return None


def _occluded(reader: Reader, frame: NDArray[np.uint8]) -> Read:
    found = occlude(reader.classifier, frame)
    answer = {
        "answer": label_in_words(found.label),
        "confidence": round(found.confidence, 6),
        "patch": PATCH,
        "step": STEP,
        "hidden": [[round(float(each), 6) for each in row] for row in found.hidden],
    }
    return Read(answer, "", frame[np.newaxis])


def _add_frames(answer: dict[str, Any], reading: Reading) -> None:
    for digit, read in zip(answer["digits"], reading.digits, strict=True):
        digit["frame"] = as_data_url(read.frame)
        digit["probabilities"] = [round(float(each), 6) for each in read.probabilities]
