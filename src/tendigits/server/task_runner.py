"""Doing a task in a worker: the file is checked before it is decoded, and read page by page."""

import time
import traceback
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from tendigits.errors import PictureError, UnsupportedPictureError
from tendigits.images.documents import is_heic, is_pdf, open_heic
from tendigits.images.limits import open_limited
from tendigits.reading.occlusion import occlude
from tendigits.reading.reader import Reader
from tendigits.reading.results import Reading
from tendigits.reading.table import table_of
from tendigits.server.read_responses import ReadResponse
from tendigits.server.tasks import (
    FrameToOcclude,
    Outcome,
    Picture,
    ReadPicture,
    Rejected,
    Task,
)

MAX_PAGES = 32  # of a PDF or TIFF
MAX_SECONDS = 20  # for all pages; less than the time after which the server gives up waiting


def run_task(reader: Reader, task: Task, pixel_limit: int) -> Outcome:
    """Return the outcome of a task; nothing is raised, as other tasks are in the same batch."""
    try:
        if isinstance(task, FrameToOcclude):
            return occlude(reader.classifier, task.frame)
        rejected = _check_file(task.content, pixel_limit)
        return _read(reader, task) if rejected is None else rejected
    except PictureError as error:
        return Rejected(
            415 if isinstance(error, UnsupportedPictureError) else 422, _sentence(error)
        )
    except Exception:  # a picture can hold anything
        sentence = "The picture cannot be read; save it in another format."
        return Rejected(422, sentence, traceback.format_exc())


def _read(reader: Reader, task: Picture) -> Outcome:
    """Read all pages; one that cannot be read is the last one."""
    end = time.monotonic() + MAX_SECONDS
    results: list[ReadResponse] = []
    frames: list[NDArray[np.uint8]] = []
    try:
        for reading in reader.read_pages(task.content, task.options.pattern):
            if len(results) == MAX_PAGES:
                return _too_many_pages()
            if results and time.monotonic() > end:
                return Rejected(
                    413, f"Reading takes more than {MAX_SECONDS} seconds; send fewer pages at once."
                )
            results.append(_response(reader, task, reading, page=len(results) + 1))
            frames += [digit.frame for digit in reading.digits]
    except PictureError as error:
        if not results:
            raise
        page = len(results) + 1
        results.append(ReadResponse.from_error(task.name, _sentence(error), page=page))
    return ReadPicture(tuple(results), np.array(frames, np.uint8).reshape(-1, 28, 28))


def _response(reader: Reader, task: Picture, reading: Reading, page: int) -> ReadResponse:
    options = task.options
    response = ReadResponse.from_reading(task.name, reading, page=page, frames=options.frames)
    if not options.table:
        return response
    return response.with_table(table_of(reading.characters, reader.threshold))


def _sentence(error: PictureError) -> str:
    sentence = str(error)
    return sentence[0].upper() + sentence[1:]


def _check_file(content: bytes | NDArray[np.uint8], pixel_limit: int) -> Rejected | None:
    """Return why a file is rejected by its headers alone, before it is decoded, or None.

    Raises:
        PictureError: it consists of too many parts, or needs a library that is not installed.
    """
    if isinstance(content, np.ndarray) or is_pdf(content):
        return None  # a PDF is drawn page by page, in a process with limits of its own
    try:
        pixels = _pixels_of_pages(content)
    except PictureError:
        raise
    except UnidentifiedImageError:
        return Rejected(
            415,
            "Unknown image format; send a PNG, JPEG, HEIC, AVIF, WebP, BMP, GIF, TIFF or PDF file.",
        )
    except Image.DecompressionBombError:
        return Rejected(413, f"The picture is too large; send at most {pixel_limit:,} pixels.")
    except Exception:  # a damaged file can raise nearly anything
        return Rejected(422, "The picture is damaged; save it again.")
    return _check_pages(pixels, pixel_limit)


def _check_pages(pixels: list[int], pixel_limit: int) -> Rejected | None:
    if len(pixels) > MAX_PAGES:
        return _too_many_pages()
    if max(pixels) > pixel_limit:
        return Rejected(
            413, f"The picture has {max(pixels):,} pixels; send at most {pixel_limit:,}."
        )
    return None


def _pixels_of_pages(content: bytes) -> list[int]:
    """Return the number of pixels of each page, of at most one more than are allowed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if is_heic(content):
            with open_heic(content, "the picture") as picture:
                return [picture.width * picture.height]
        with open_limited(content, "the picture") as image:
            pages = [image.width * image.height]
            while isinstance(image, TiffImageFile) and len(pages) <= MAX_PAGES:
                try:
                    image.seek(len(pages))
                except EOFError:
                    break
                pages.append(image.width * image.height)
            return pages


def _too_many_pages() -> Rejected:
    return Rejected(413, f"The document has more than {MAX_PAGES} pages; split it.")
