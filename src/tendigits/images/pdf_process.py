"""A program that renders the pages of a PDF in grey, within limits of time and memory.

A PDF of a kilobyte can ask for hours of work and all memory, and the library is not thread-safe. So
a PDF is rendered in a process of its own, which the system stops.

Arguments: the longer side of each page in pixels, the most pixels of a picture in a page, the most
seconds of computing per page, and the most bytes of memory. The PDF is read from standard input.
For each page, two big-endian 32-bit numbers are written to standard output, its width and height,
then one byte per pixel. Nothing of tendigits is imported, so that the program starts fast.
"""

import struct
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

try:
    import resource
except ModuleNotFoundError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

ENCRYPTED, DAMAGED, TOO_LARGE = 10, 11, 12  # exit codes


def main() -> None:
    """Render the PDF on standard input."""
    import pypdfium2  # noqa: PLC0415 - whoever imports the exit codes may not have it

    side, max_pixels, seconds, memory = map(int, sys.argv[1:])
    limit_memory(memory)
    limit_time(seconds)
    try:
        document = pypdfium2.PdfDocument(sys.stdin.buffer.read())
        # Without this, the fields of a form are empty. The library has no JavaScript engine.
        document.init_forms()
        for number in range(len(document)):
            limit_time(seconds)
            page = document[number]
            check_pictures(page, max_pixels)
            write(page, side)
            page.close()
    except pypdfium2.PdfiumError as error:
        has_password = getattr(error, "err_code", None) == pypdfium2.raw.FPDF_ERR_PASSWORD
        sys.exit(ENCRYPTED if has_password else DAMAGED)


def check_pictures(page: "PdfPage", max_pixels: int) -> None:
    """Exit if a picture in a page is too large; the library would leave it out."""
    from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE  # noqa: PLC0415 - as in `main`

    for picture in page.get_objects(filter=[FPDF_PAGEOBJ_IMAGE]):
        width, height = picture.get_px_size()
        if width * height > max_pixels:
            sys.exit(TOO_LARGE)


def write(page: "PdfPage", side: int) -> None:
    """Write a page to standard output."""
    # Half a pixel less, as pypdfium2 rounds both sides up.
    scale = (side - 0.5) / max(page.get_size())
    bitmap = page.render(scale=scale, grayscale=True)
    output = sys.stdout.buffer
    output.write(struct.pack(">II", bitmap.width, bitmap.height))
    output.write(bitmap.buffer)
    output.flush()


def limit_memory(size: int) -> None:
    """Let allocations fail that would exceed `size` bytes, on Linux; macOS rejects such a limit."""
    if resource is not None and sys.platform == "linux":
        limit(resource.RLIMIT_AS, size)


def limit_time(seconds: int) -> None:
    """Let the system end this process after so many further seconds of computing."""
    if resource is not None:
        limit(resource.RLIMIT_CPU, int(time.process_time()) + seconds)


def limit(kind: int, value: int) -> None:
    """Set a limit of this process, where there is none that is lower and fixed."""
    _, most = resource.getrlimit(kind)
    if most != resource.RLIM_INFINITY:
        value = min(value, most)
    resource.setrlimit(kind, (value, most))


if __name__ == "__main__":
    main()
