"""Limits on the files of pictures, so that their time and memory are bounded whatever is in them.

Pillow bounds the pixels alone. It reads the parts of a file (the markers of a JPEG, the strips of a
TIFF, tags) one by one in Python, and a file of a few megabytes can consist of millions of them.
"""

import io
import struct

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from tendigits.errors import PictureError
from tendigits.images.grey import MAX_PIXELS

# What people have. None runs another program, and the memory of each is bounded by its pixels.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
# JPEGs of one scan are decoded at a reduced size, row by row. The others are kept whole, at up to 8
# bytes per pixel, and each scan passes over all pixels. The decoders of WebP, HEIC and AVIF need up
# to 16 bytes per pixel.
_MOST_PIXELS, _MOST_PIXELS_OF_SCANS = 40_000_000, 25_000_000
_MOST_PIXELS_OF_MODERN = {"WEBP": 20_000_000, "AVIF": 25_000_000, "HEIF": 25_000_000}
_MOST_SCANS = 24
_JPEG, _SCAN = b"\xff\xd8\xff", b"\xff\xda"
# Of JPEG, WebP, HEIC and AVIF, whose time depends on their bytes.
_MOST_COMPRESSED_BYTES = 50 * 2**20
# A tile of a TIFF can be larger than the picture, and tiles can lie upon each other.
_TILE_WIDTH, _TILE_HEIGHT, _MOST_TILE_PIXELS = 322, 323, 16_000_000
_MOST_VALUES = 30_000  # of a tag, such as the places of the strips; each takes 20 microseconds
_MOST_READS = 300_000  # each takes 1 to 3 microseconds
_MOST_DIRECTORIES = 2000  # of a TIFF; each is at most a page
_BYTES = (1, 2, 7)  # kinds of tags that are not split into numbers
_BIG_TIFF = 43
_EXIF, _HEX_EXIF = b"Exif\0\0", "Raw profile type exif"


class LimitedFile(io.BytesIO):
    """A file for Pillow, from which can be read a limited number of times."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self._name = name
        self._reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes.

        Raises:
            PictureError: they were read too often.
        """
        self._reads += 1
        if self._reads > _MOST_READS:
            raise PictureError(f"{self._name} consists of too many parts; save it again.")
        return super().read(size)


def open_limited(data: bytes, name: str) -> Image.Image:
    """Return a picture that is not decoded yet.

    Raises:
        PictureError: it consists of too many parts.
        UnidentifiedImageError: it is of another format.
        Exception: it is damaged; Pillow can raise nearly anything.
    """
    check_tags(data, name)
    if data.startswith(_JPEG):  # even if it has a second picture, as the ones of some phones do
        return JpegImageFile(LimitedFile(data, name))
    return Image.open(LimitedFile(data, name), formats=FORMATS)


def check_tags(tiff: bytes, name: str) -> None:
    """Reject a TIFF, or the EXIF data of a picture, with a tag of too many numbers.

    Raises:
        PictureError: Pillow would make each of the numbers an object.
    """
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 16:
        return
    is_big = struct.unpack(f"{order}H", tiff[2:4])[0] == _BIG_TIFF
    size, offset, number = (order + kind for kind in ("QQQ" if is_big else "HII"))
    entry = np.dtype(
        [("tag", f"{order}u2"), ("kind", f"{order}u2"), ("count", number), ("at", number)]
    )
    (at,) = struct.unpack_from(offset, tiff, 8 if is_big else 4)
    for _ in range(_MOST_DIRECTORIES):
        start = at + struct.calcsize(size)
        if at == 0 or start > len(tiff):
            return
        entries = min(struct.unpack_from(size, tiff, at)[0], (len(tiff) - start) // entry.itemsize)
        tags = np.frombuffer(tiff, entry, entries, start)
        if (~np.isin(tags["kind"], _BYTES) & (tags["count"] > _MOST_VALUES)).any():
            raise PictureError(f"{name} consists of too many parts; save it again.")
        end = start + tags.nbytes
        if end + struct.calcsize(offset) > len(tiff):
            return
        (at,) = struct.unpack_from(offset, tiff, end)


def check_picture(image: Image.Image, name: str, data: bytes | None) -> None:
    """Reject a picture whose decoding would take too much time or memory, before it is decoded.

    Args:
        image: the current page of a picture.
        name: its name in messages.
        data: the bytes of its file, if it is from one.

    Raises:
        PictureError: it is over a limit.
    """
    if data is not None and len(data) > _most_bytes(image):
        most = _MOST_COMPRESSED_BYTES >> 20
        raise PictureError(f"{name} is larger than {most} MiB; give a smaller picture.")
    if isinstance(image, JpegImageFile) and data is not None and data.count(_SCAN) > _MOST_SCANS:
        raise PictureError(f"{name} has more than {_MOST_SCANS} scans; save it again.")
    most = _most_pixels(image, data)
    if image.width * image.height > most:
        raise too_many_pixels(name, most)
    if isinstance(image, TiffImageFile):
        _check_tiles(image, name)
    _check_exif(image, name)


def too_many_pixels(name: str, most: int) -> PictureError:
    """Return the error of a picture with more than `most` pixels."""
    return PictureError(
        f"{name} has more than {most // 1_000_000} million pixels; give a smaller one."
    )


def _most_bytes(image: Image.Image) -> float:
    is_compressed = isinstance(image, JpegImageFile) or image.format in _MOST_PIXELS_OF_MODERN
    return _MOST_COMPRESSED_BYTES if is_compressed else np.inf


def _most_pixels(image: Image.Image, data: bytes | None) -> int:
    if isinstance(image, JpegImageFile):
        return MAX_PIXELS if _has_one_scan(image, data) else _MOST_PIXELS_OF_SCANS
    if image.format is None:  # it is in memory already
        return MAX_PIXELS
    return _MOST_PIXELS_OF_MODERN.get(image.format, _MOST_PIXELS)


def _has_one_scan(image: JpegImageFile, data: bytes | None) -> bool:
    """Return whether a JPEG is not progressive and its first scan has all of its components."""
    if image.info.get("progressive") or image.fp is None or data is None:
        return not image.info.get("progressive")
    end = image.fp.tell()  # Pillow stops after the header of the first scan
    length = 6 + 2 * image.layers
    return data[end - length : end - length + 3] == struct.pack(">HB", length, image.layers)


def _check_tiles(image: TiffImageFile, name: str) -> None:
    sides = [image.tag_v2.get(tag, 0) for tag in (_TILE_WIDTH, _TILE_HEIGHT)]
    if all(isinstance(side, int) for side in sides) and sides[0] * sides[1] > _MOST_TILE_PIXELS:
        raise PictureError(f"{name} has tiles that are too large; save it again.")
    boxes = [tile.extents or (0, 0, 0, 0) for tile in image.tile]
    area = sum((right - left) * (bottom - top) for left, top, right, bottom in boxes)
    if area > 4 * _MOST_PIXELS:  # four colours can be in tiles of their own
        raise PictureError(f"{name} consists of too many parts; save it again.")


def _check_exif(image: Image.Image, name: str) -> None:
    exif = image.info.get("exif")
    if exif is None and _HEX_EXIF in image.info:  # as ImageMagick writes it into a PNG
        exif = bytes.fromhex("".join(str(image.info[_HEX_EXIF]).split("\n")[3:]))
    check_tags((exif or b"").removeprefix(_EXIF), name)
