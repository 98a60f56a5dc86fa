"""Decoding: from a file, bytes, a PIL image or an array to upright, opaque grey levels."""

import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from tendigits.errors import PictureError
from tendigits.images.documents import is_heic, is_pdf, open_heic, pdf_pages
from tendigits.images.grey import MAX_PIXELS, is_faint, to_grey
from tendigits.images.limits import FORMATS, check_picture, open_limited, too_many_pixels

PictureSource = (
    str
    | Path
    | bytes
    | bytearray
    | memoryview
    | BinaryIO
    | Image.Image
    | NDArray[np.generic]
    | Sequence[Sequence[float]]
)

MAX_BYTES = 100 * 2**20
MAX_PAGES = 1000
# Enough for a page of digits: 175 dots per inch of A4, half the width of a photo of 12 megapixels.
MAX_SIDE = 2048
# JPEGs are decoded at 1/2, 1/4 or 1/8 of their size, as long as this many pixels remain.
_DRAFT_SIDE = 1536
# Of the formats that Pillow does not know by itself. They are pictures even where the libraries
# that decode them are not installed: each then gives an error that says what to install.
_DOCUMENTS = {".pdf", ".heic", ".heif"}
_BAND = 4_000_000  # pixels that are converted at once
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# The parts of a TIFF that are no pages: reduced copies and masks (TIFF 6.0, NewSubfileType).
_SUBFILE_TYPE, _REDUCED, _MASK = 254, 1, 4


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture.

    Attributes:
        grey: (h, w) uint8, upright, 0 for black and 255 for white, no side longer than 2,048.
        scale: the width of one of these pixels in pixels of the original picture. A page of a PDF
            has no pixels of its own, and its scale is 1.
    """

    grey: NDArray[np.uint8]
    scale: float


def picture_suffixes() -> set[str]:
    """Return the suffixes of files that are pictures or documents, in small letters."""
    known = Image.registered_extensions().items()
    return _DOCUMENTS.union(suffix for suffix, kind in known if kind in FORMATS)


def decode(source: PictureSource) -> Picture:
    """Return the first page of a picture; see `decode_pages`."""
    with closing(_pages(source)) as pages:
        return next(pages)


def decode_pages(source: PictureSource) -> Iterator[Picture]:
    """Yield the pages of a PDF or TIFF one at a time, or the one picture that all else contains.

    Pages are upright (as EXIF says), opaque (transparent parts become paper), grey (see `to_grey`)
    and reduced by area averaging. An animation is its first frame, a PIL image its current one.

    Args:
        source: a path, the bytes of a file, a file that is open for reading bytes, a PIL image, an
            array that `to_grey` takes, or the same as lists. PDF and HEIC files need the extra
            [documents].

    Raises:
        PictureError: it is not a picture, damaged, encrypted, empty, or over a limit, or needs a
            library that is not installed; also after 1,000 pages, if there are more.
    """
    return _pages(source)


def _pages(source: PictureSource) -> Generator[Picture]:
    if isinstance(source, np.ndarray | list | tuple):
        array = _as_array(source)
        yield _limited(to_grey(array), max(array.shape[:2]))
        return
    if isinstance(source, Image.Image):
        yield _from_pil(source, "the picture")
        return
    name = str(source) if isinstance(source, str | Path) else "the picture"
    data = _bytes_of(cast("str | Path | bytes | bytearray | memoryview | BinaryIO", source))
    if not data:
        raise PictureError(f"{name} is empty; give an image file.")
    if is_pdf(data):
        with closing(pdf_pages(data, name, side=MAX_SIDE, max_pixels=MAX_PIXELS)) as pages:
            for number, grey in enumerate(pages, start=1):
                _check_number(number, name)
                yield Picture(grey, 1.0)
    else:
        yield from _from_file(data, name)


def _as_array(source: "NDArray[np.generic] | Sequence[Sequence[float]]") -> NDArray[np.generic]:
    if isinstance(source, np.ndarray):
        return source
    try:
        array = np.array(source)
    except ValueError:  # its rows have different lengths
        array = np.empty(0, object)
    if array.dtype.kind not in "biuf" or array.ndim < 2:
        raise PictureError(
            "A list is a picture if it contains rows of grey levels; give several pictures one by "
            "one, or to Reader.read_many."
        )
    return array


def _bytes_of(source: str | Path | bytes | bytearray | memoryview | BinaryIO) -> bytes:
    if isinstance(source, str | Path):
        return _read(Path(source))
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    content = source.read(MAX_BYTES + 1) if hasattr(source, "read") else None
    if not isinstance(content, bytes):
        raise PictureError(
            f"A picture cannot be read from {type(source).__name__}; give a path, bytes, a file "
            "opened with mode 'rb', a PIL image or an array."
        )
    if len(content) > MAX_BYTES:
        raise PictureError(
            f"the picture is larger than {MAX_BYTES >> 20} MiB; give a smaller picture."
        )
    return content


def _read(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise PictureError(f"{path} is not a file; give an image file.")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"{path} cannot be read: {reason}.") from error
    if len(data) > MAX_BYTES:
        raise PictureError(f"{path} is larger than {MAX_BYTES >> 20} MiB; give a smaller picture.")
    return data


@contextmanager
def _pillow_errors(name: str) -> Iterator[None]:
    """Turn any error of Pillow into a PictureError; damaged files can raise nearly anything."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of unusual metadata, which is harmless
            yield
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        raise too_many_pixels(name, MAX_PIXELS) from error
    except UnidentifiedImageError as error:
        raise PictureError(
            f"{name} is not a picture; give a PNG, JPEG, HEIC, AVIF, WebP, BMP, GIF, TIFF or PDF."
        ) from error
    except MemoryError as error:
        raise PictureError(f"{name} needs too much memory; give a smaller one.") from error
    except Exception as error:
        raise PictureError(f"{name} is damaged; save it again.") from error


def _from_file(data: bytes, name: str) -> Generator[Picture]:
    with _pillow_errors(name):
        image = open_heic(data, name) if is_heic(data) else open_limited(data, name)
    with image:
        if isinstance(image, JpegImageFile):
            yield _from_jpeg(image, data, name)
            return
        yield _from_pil(image, name, data)
        number = 2
        while _next_page(image, number, name):
            yield _from_pil(image, f"page {number} of {name}", data)
            number += 1


def _from_jpeg(image: JpegImageFile, data: bytes, name: str) -> Picture:
    """Decode the luminance alone, which is faster; the colours only if the ink may need them."""
    has_colours = image.mode == "RGB"
    picture = _from_pil(image, name, data, draft="L")
    if not (has_colours and is_faint(picture.grey)):
        return picture
    with _pillow_errors(name), open_limited(data, name) as again:
        return _from_pil(again, name, data, draft="RGB")


def _next_page(image: Image.Image, number: int, name: str) -> bool:
    """Move a TIFF to its next page, which has this number; return whether there is one."""
    if not isinstance(image, TiffImageFile):
        return False
    with _pillow_errors(f"page {number} of {name}"):
        while True:
            try:
                image.seek(image.tell() + 1)
            except EOFError:
                return False
            _check_number(image.tell() + 1, name)
            if not image.tag_v2.get(_SUBFILE_TYPE, 0) & (_REDUCED | _MASK):
                return True


def _check_number(page: int, name: str) -> None:
    if page > MAX_PAGES:
        raise PictureError(f"{name} has more than {MAX_PAGES:,} pages; split it.")


def _from_pil(
    image: Image.Image, name: str, data: bytes | None = None, draft: str | None = None
) -> Picture:
    """Decode the current frame of an image, a JPEG with the colours of the mode `draft`.

    `data` are the bytes of its file, if it is from one.
    """
    with _pillow_errors(name):
        check_picture(image, name, data)
    full_side = max(image.size)
    with _pillow_errors(name):
        if draft is not None:
            fraction = _DRAFT_SIDE / full_side
            image.draft(draft, _size(image.size, fraction))
        grey = to_grey(_pixels(image))
        turn = _UPRIGHT.get(image.getexif().get(_ORIENTATION, 1))
        upright = grey if turn is None else np.asarray(Image.fromarray(grey).transpose(turn))
        return _limited(upright, full_side)


def _pixels(image: Image.Image) -> NDArray[np.generic]:
    """Return the array of a picture that `to_grey` takes.

    A large one is reduced to 2,048 to 4,096 pixels on its longer side. It is converted in bands, so
    that no second copy of it is needed.
    """
    factor = max(image.size) // MAX_SIDE
    if factor <= 1:
        return np.asarray(_in_plain_mode(image))
    rows = factor * max(1, _BAND // (factor * image.width))
    return np.concatenate(
        [
            _reduced(
                _in_plain_mode(image.crop((0, top, image.width, min(top + rows, image.height)))),
                factor,
            )
            for top in range(0, image.height, rows)
        ]
    )


def _in_plain_mode(image: Image.Image) -> Image.Image:
    """Return the picture in a mode whose array `to_grey` takes."""
    if image.mode == "F" or image.mode.startswith("I"):
        return image
    if image.mode == "PA" or "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode in ("L", "LA", "RGB", "RGBA"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _reduced(image: Image.Image, factor: int) -> NDArray[np.generic]:
    """Return the pixels of an image, averaged over squares."""
    if image.mode in ("L", "LA", "RGB", "RGBA"):
        return np.asarray(image.reduce(factor))
    pixels = np.asarray(image)
    size = -(-image.width // factor), -(-image.height // factor)
    averages = cv2.resize(pixels.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    if np.issubdtype(pixels.dtype, np.integer):
        return np.rint(averages).astype(pixels.dtype)
    return np.asarray(averages)


def _limited(grey: NDArray[np.uint8], full_side: int) -> Picture:
    """Return a picture with at most 2,048 pixels per side, averaged over areas of the original."""
    height, width = grey.shape
    fraction = MAX_SIDE / max(height, width)
    if fraction < 1:
        size = _size((width, height), fraction)
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Picture(np.ascontiguousarray(grey), full_side / max(grey.shape))


def _size(size: tuple[int, int], fraction: float) -> tuple[int, int]:
    width, height = size
    return max(1, round(width * fraction)), max(1, round(height * fraction))
