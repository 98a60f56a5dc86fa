"""PDFs, written by hand where Pillow cannot write them."""

import io
import zlib
from collections.abc import Sequence

from PIL import Image

PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R %s >>"


def scanned(*pages: Image.Image) -> bytes:
    """Return a PDF of pictures, as a scanner makes it."""
    file = io.BytesIO()
    pages[0].save(file, "PDF", save_all=True, append_images=pages[1:])
    return file.getvalue()


def written(
    content: bytes, *further: bytes, page: bytes = b"", catalog: bytes = b"", trailer: bytes = b""
) -> bytes:
    """Return a PDF of one page of 600 times 800 points.

    Args:
        content: the page's drawing commands.
        further: more objects; the first one has the number 5.
        page: more entries of the page.
        catalog: more entries of the catalog.
        trailer: more entries of the trailer.
    """
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        PAGE % page,
        stream(content),
        *further,
    ]
    return _file(objects, trailer)


def without_pages() -> bytes:
    """Return a PDF that has no pages."""
    catalog = b"<< /Type /Catalog /Pages 2 0 R >>"
    return _file([catalog, b"<< /Type /Pages /Kids [] /Count 0 >>"], b"")


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """Return a compressed stream as an object of a PDF."""
    packed = zlib.compress(data)
    head = b"<< /Length %d /Filter /FlateDecode %s >>" % (len(packed), entries)
    return head + b"\nstream\n" + packed + b"\nendstream"


def _file(objects: Sequence[bytes], trailer: bytes) -> bytes:
    body, places = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        b"%sxref\n0 %d\n0000000000 65535 f \n%s" % (body, len(objects) + 1, table)
        + b"trailer << /Size %d /Root 1 0 R %s >>\n" % (len(objects) + 1, trailer)
        + b"startxref\n%d\n%%%%EOF" % len(body)
    )
