"""A worker: a process that reads pictures, and its handle in the server.

Reading a picture keeps one core busy, and Python runs one thread at a time, so there is one worker
per core. A worker is started with a model file's content, receives batches of tasks through a pipe
and sends back one outcome per task. It ends when the pipe is closed, so also if the server is
killed.
"""

import asyncio
import io
import multiprocessing
import signal
import traceback
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from tendigits.classifiers.model_file import load_model_bytes
from tendigits.errors import PictureError
from tendigits.reading.occlusion import Occlusion, occlude
from tendigits.reading.reader import Reader
from tendigits.reading.schemas import PictureResult

if TYPE_CHECKING:  # a worker's process does not import the server
    from tendigits.server.served_model import ServedModel

# The formats that Pillow opens for a client: none of them runs another program.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
SECONDS_TO_END = 5
_SPAWN = multiprocessing.get_context("spawn")  # a fork would inherit the server's sockets

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Picture:
    """A task: read a picture.

    Attributes:
        name: the name of the picture in the result.
        content: the bytes of an image file, or grey levels (h, w) uint8.
        frames: whether the result has the frames and the ten probabilities.
    """

    name: str
    content: bytes | NDArray[np.uint8]
    frames: bool = False

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.nbytes


@dataclass(frozen=True, eq=False)
class FrameToOcclude:
    """A task: compute the occlusion map of a frame (28, 28) uint8."""

    frame: NDArray[np.uint8]

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self.frame.nbytes


@dataclass(frozen=True, eq=False)
class ReadPicture:
    """The outcome of a picture that was read.

    Attributes:
        result: its JSON.
        frames: (n, 28, 28) uint8, the frames of its shapes.
    """

    result: PictureResult
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


class Worker:
    """The server's handle of a worker process, with a thread that waits for its outcomes.

    Attributes:
        model: the model that the process uses.
    """

    def __init__(self, model: "ServedModel", pixel_limit: int) -> None:
        self.model = model
        self._pixel_limit = pixel_limit
        self._thread = ThreadPoolExecutor(1, "worker")
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None

    async def start(self) -> None:
        """Start the process, again if it has died; return when it is ready to read.

        Raises:
            OSError, EOFError: the process cannot be started, or ends before it is ready.
        """
        await self._in_thread(self._start)

    async def run(self, tasks: Sequence[Task]) -> list[Outcome]:
        """Return the outcome of each of `tasks`.

        Raises:
            OSError, EOFError: the process has died.
        """
        return await self._in_thread(lambda: self._exchange(tasks))

    async def stop(self) -> None:
        """End the process."""
        await self._in_thread(self._stop)
        self._thread.shutdown(wait=False)

    async def _in_thread(self, call: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def _start(self) -> None:
        self._stop()
        self._connection, other_end = _SPAWN.Pipe()
        arguments = (other_end, self.model.content, self.model.name, self._pixel_limit)
        self._process = _SPAWN.Process(target=run_worker, args=arguments, daemon=True)
        self._process.start()
        other_end.close()  # so that the pipe breaks when the process dies
        self._connection.recv()

    def _exchange(self, tasks: Sequence[Task]) -> list[Outcome]:
        assert self._connection is not None
        self._connection.send(tasks)
        outcomes: list[Outcome] = self._connection.recv()
        return outcomes

    def _stop(self) -> None:
        if self._connection is None or self._process is None:
            return
        self._connection.close()
        self._process.join(SECONDS_TO_END)
        self._process.kill()
        self._process.join()


def run_worker(connection: Connection, model: bytes, name: str, pixel_limit: int) -> None:
    """Run in the worker process: handle batches of tasks until `connection` is closed."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C reaches all processes; the server ends them
    # One thread: the other cores have workers of their own.
    cv2.setNumThreads(1)
    reader = Reader(load_model_bytes(model, name, threads=1), threads=1)
    connection.send("ready")
    while True:
        try:
            tasks: Sequence[Task] = connection.recv()
        except EOFError:
            return
        connection.send([run_task(reader, task, pixel_limit) for task in tasks])


def run_task(reader: Reader, task: Task, pixel_limit: int) -> Outcome:
    """Return the outcome of a task; nothing is raised, as other tasks are in the same batch."""
    try:
        if isinstance(task, FrameToOcclude):
            return occlude(reader.classifier, task.frame)
        if isinstance(task.content, bytes):
            rejected = _check_header(task.content, pixel_limit)
            if rejected is not None:
                return rejected
        reading = reader.read(task.content)
        result = PictureResult.from_reading(task.name, reading, frames=task.frames)
    except PictureError as error:
        sentence = str(error)
        return Rejected(422, sentence[0].upper() + sentence[1:])
    except Exception:  # a picture can hold anything
        sentence = "The picture cannot be read; save it in another format."
        return Rejected(422, sentence, traceback.format_exc())
    frames = np.array([digit.frame for digit in reading.digits], np.uint8).reshape(-1, 28, 28)
    return ReadPicture(result, frames)


def _check_header(content: bytes, pixel_limit: int) -> Rejected | None:
    """Return why an image file is rejected by its header alone, before it is decoded, or None."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                pixels = image.width * image.height
    except Image.DecompressionBombError:
        return Rejected(413, f"The picture is too large; send at most {pixel_limit:,} pixels.")
    except UnidentifiedImageError:
        return Rejected(415, "Unknown image format; send a PNG, JPEG, WebP, BMP, GIF or TIFF file.")
    except Exception:  # a damaged file can raise nearly anything
        return Rejected(422, "The picture is damaged; save it again.")
    if pixels > pixel_limit:
        return Rejected(413, f"The picture has {pixels:,} pixels; send at most {pixel_limit:,}.")
    return None
