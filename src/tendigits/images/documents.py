"""PDFs and HEIC pictures, which libraries of the extra [documents] decode."""

import importlib.util
import io
import signal
import struct
import subprocess
import sys
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tendigits.errors import PictureError, UnsupportedPictureError, missing_extra
from tendigits.images import pdf_process

# Of a page of a PDF; ordinary ones take a tenth of a second and 0.1 GiB, a scan of 100 million
# pixels up to 1.6 seconds and less than 0.5 GiB.
MAX_SECONDS = 2
MAX_MEMORY = 2**29  # bytes

_PROGRAM = Path(pdf_process.__file__)
_PDF_LIBRARY, _HEIC_LIBRARY = "pypdfium2", "pi_heif"
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
_SHARED_BRANDS = (b"mif1", b"msf1")  # AVIF, which Pillow decodes, can have them, too


def is_pdf(data: bytes) -> bool:
    """Return whether a file is a PDF."""
    return data[:1024].lstrip(b"\xef\xbb\xbf\x00\t\n\f\r ").startswith(b"%PDF-")


def is_heic(data: bytes) -> bool:
    """Return whether a file is a HEIC picture (ISO/IEC 23008-12)."""
    if data[4:8] != b"ftyp":
        return False
    brand, compatible = data[8:12], data[16 : int.from_bytes(data[:4])]
    return brand in _HEIC_BRANDS or (brand in _SHARED_BRANDS and b"avif" not in compatible)


def pdf_pages(
    data: bytes, name: str, *, side: int, max_pixels: int
) -> Generator[NDArray[np.uint8]]:
    """Yield the pages of a PDF, (h, w) uint8, one at a time.

    Args:
        data: the bytes of the file.
        name: the name of the file in error messages.
        side: the number of pixels of each page's longer side.
        max_pixels: the most pixels of a picture in a page.

    Raises:
        UnsupportedPictureError: the library is not installed.
        PictureError: the PDF is encrypted, damaged or without pages, or a page takes more than 2
            seconds of computing or 0.5 GiB.
    """
    if not _is_installed(_PDF_LIBRARY):
        raise _missing(f"{name} is a PDF, which", ModuleNotFoundError(name=_PDF_LIBRARY))
    pages = 0
    limits = [str(limit) for limit in (side, max_pixels, MAX_SECONDS, MAX_MEMORY)]
    with subprocess.Popen(
        # -P: the modules beside the program must not be taken for libraries.
        [sys.executable, "-P", _PROGRAM, *limits],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _send(process, data)
            while (page := _receive(process)) is not None:
                pages += 1
                yield page
            code = process.wait()
        finally:
            process.kill()
    if code != 0 or pages == 0:
        raise PictureError(_why(code, name, pages + 1, max_pixels))


def open_heic(data: bytes, name: str) -> Image.Image:
    """Return a HEIC picture as a PIL image, upright; it is decoded when it is first used.

    Raises:
        UnsupportedPictureError: the library is not installed.
    """
    try:
        from pi_heif import HeifImageFile  # noqa: PLC0415 - it comes with the extra [documents]
    except ModuleNotFoundError as error:
        raise _missing(f"{name} is a HEIC picture, which", error) from error
    image: Image.Image = HeifImageFile(io.BytesIO(data))
    return image


def _is_installed(library: str) -> bool:
    try:
        return importlib.util.find_spec(library) is not None
    except ModuleNotFoundError:
        return False


def _missing(what: str, error: ModuleNotFoundError) -> UnsupportedPictureError:
    return UnsupportedPictureError(str(missing_extra(error, what) or error))


def _send(process: "subprocess.Popen[bytes]", data: bytes) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin:  # broken if it has ended; its code says why
        process.stdin.write(data)


def _receive(process: "subprocess.Popen[bytes]") -> NDArray[np.uint8] | None:
    """Return the next page; None if the process has ended."""
    assert process.stdout is not None
    sizes = process.stdout.read(8)
    if len(sizes) < 8:
        return None
    width, height = struct.unpack(">II", sizes)
    pixels = process.stdout.read(width * height)
    if len(pixels) < width * height:
        return None
    return np.frombuffer(pixels, np.uint8).reshape(height, width)


def _why(code: int, name: str, page: int, max_pixels: int) -> str:
    """Return the sentence for a program that has ended with an exit code at a page."""
    if code == pdf_process.ENCRYPTED:
        return f"{name} is encrypted; save it without a password."
    if code in (0, pdf_process.DAMAGED) and page == 1:
        return f"{name} is damaged or has no pages; save it again."
    if code == pdf_process.DAMAGED:
        return f"Page {page} of {name} is damaged; save it again."
    if code == pdf_process.TOO_LARGE:
        return (
            f"Page {page} of {name} contains a picture of more than {max_pixels // 1_000_000} "
            "million pixels; give a smaller one."
        )
    if code == -getattr(signal, "SIGXCPU", 0):
        return (
            f"Page {page} of {name} takes more than {MAX_SECONDS} seconds to draw; "
            "save it as a picture."
        )
    return f"Page {page} of {name} cannot be drawn; save it as a picture."
