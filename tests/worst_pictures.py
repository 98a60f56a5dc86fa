"""The files of each format that take the most time or memory within the default limits.

Their content is noise, which compresses least, as far as writing it does not take too long.
"""

import io
import struct
import zlib
from collections.abc import Callable

import cv2
import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

MEGA = 1_000_000
UPLOAD = 20 * 2**20  # the largest body that the server accepts
SMALL = Image.new("L", (50, 50), 200)


def noise(pixels: int, channels: int, levels: int = 256) -> NDArray[np.uint8]:
    """Return random levels (side, side, channels) of the most pixels of a square."""
    side = int(pixels**0.5)
    random = np.random.default_rng(0)
    return random.integers(0, levels, (side, side, channels), dtype=np.uint8)


def encoded(picture: NDArray[np.generic] | Image.Image, form: str, **how: object) -> bytes:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    image.save(file, form, **how)
    return file.getvalue()


def jpeg(pixels: int, quality: int, *, progressive: bool = False) -> bytes:
    """Return noise in colours that are not subsampled; OpenCV writes it faster than Pillow."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
    options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    return cv2.imencode(".jpg", noise(pixels, 3), options)[1].tobytes()


def jpeg_of_many_scans() -> bytes:
    """Return a progressive JPEG whose largest scan that fits is repeated."""
    content = jpeg(25 * MEGA, 10, progressive=True)
    scans = content.split(b"\xff\xda")
    last = b"\xff\xda" + scans[-1][:-2]
    repeated = min(24 + 1 - len(scans), (50 * 2**20 - len(content)) // len(last))
    return content[:-2] + repeated * last + content[-2:]


def png(pixels: int, depth: int, colour: int, samples: int, *, interlaced: bool = False) -> bytes:
    """Return a PNG of noise of two levels, whose rows have the filter that takes longest."""
    side = int(pixels**0.5)
    row = b"\x04" + noise(side * 64, 1, 2).tobytes()[: side * samples * depth // 8]
    # Of an interlaced one, the lines of the first passes are shorter.
    rows = side + (side if interlaced else 0)
    header = struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, int(interlaced))
    chunks = [(b"IHDR", header), (b"IDAT", zlib_of_repeated(row, rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def zlib_of_repeated(content: bytes, times: int) -> bytes:
    """Return `content`, repeated, as zlib compresses it if it does not see the repetition."""
    packer = zlib.compressobj(1, wbits=-15)
    packed = packer.compress(content) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 1
    for _ in range(times):
        checksum = zlib.adler32(content, checksum)
    return b"\x78\x01" + packed * times + b"\x03\0" + struct.pack(">I", checksum)


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def heic() -> bytes:
    blocks = cv2.resize(noise(25 * MEGA // 4096, 3), None, fx=64, fy=64)[:4990, :4990]
    file = io.BytesIO()
    options = {"quality": 20, "chroma": 444, "enc_params": {"preset": "ultrafast"}}
    pillow_heif.from_pillow(Image.fromarray(blocks)).save(file, **options)
    return file.getvalue()


def bmp_of_runs(runs: int) -> bytes:
    """Return a BMP whose rows consist of as many runs of one pixel as they have pixels."""
    side = int(runs**0.5)
    body = (b"\x01\x10\x01\xf0" * (side // 2) + b"\0\0") * side + b"\0\1"
    header = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(body), 0, 0, 256, 0)
    start = struct.pack("<2sIHHI", b"BM", 1078 + len(body), 0, 0, 1078)
    return start + header + bytes(1024) + body


def tiff_of_strips(strips: int, height: int, rows: int) -> bytes:
    """Return a TIFF of width 1,000 whose strips all have the same place."""
    numbers = {256: 1000, 257: height, 258: 8, 259: 1, 262: 1, 277: 1, 278: rows}
    entries = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in numbers.items()]
    end = 8 + 2 + 12 * 9 + 4
    entries.insert(5, struct.pack("<HHII", 273, 4, strips, end))
    entries.append(struct.pack("<HHII", 279, 4, strips, end + 4 * strips))
    directory = struct.pack("<H", 9) + b"".join(entries) + bytes(4)
    return b"II*\0\x08\0\0\0" + directory + struct.pack("<I", 8) * 2 * strips + bytes(1000 * rows)


def gif_of_comments() -> bytes:
    content = encoded(SMALL, "GIF")
    image = content.rindex(b"\x2c\0\0\0\0\x32")
    return content[:image] + b"\x21\xfe" + b"\x01a" * (UPLOAD // 2) + b"\0" + content[image:]


def jpeg_of_markers(marker: bytes) -> bytes:
    content = encoded(SMALL, "JPEG")
    return content[:2] + marker * (UPLOAD // len(marker)) + content[2:]


def png_of_chunks() -> bytes:
    content = encoded(SMALL, "PNG")
    return content[:33] + chunk(b"abCd", b"") * (UPLOAD // 12) + content[33:]


def png_of_orientations() -> bytes:
    """Return a PNG whose EXIF data have millions of orientations."""
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x0112, 3, UPLOAD // 2, 26)
    return encoded(SMALL, "PNG", exif=exif + bytes(4 + UPLOAD))


Make = Callable[[], bytes]
# At the limit of each format; they are read.
LARGEST: dict[str, Make] = {
    "JPEG": lambda: jpeg(100 * MEGA, 20),
    "JPEG, progressive": lambda: jpeg(25 * MEGA, 75, progressive=True),
    "JPEG, many scans": jpeg_of_many_scans,
    "PNG, 8 bits": lambda: png(40 * MEGA, 8, 6, 4),
    "PNG, 16 bits": lambda: png(40 * MEGA, 16, 6, 4),
    "PNG, 16 bits, grey": lambda: png(40 * MEGA, 16, 0, 1),
    "PNG, interlaced": lambda: png(40 * MEGA, 8, 6, 4, interlaced=True),
    "WebP": lambda: encoded(noise(20 * MEGA, 4), "WEBP", quality=60, method=0),
    "WebP, lossless": lambda: encoded(
        noise(20 * MEGA, 4, 4), "WEBP", lossless=True, quality=0, method=0
    ),
    "GIF": lambda: encoded(Image.fromarray(noise(40 * MEGA, 1)[..., 0]).convert("P"), "GIF"),
    "BMP": lambda: encoded(noise(34 * MEGA, 3), "BMP"),
    "TIFF": lambda: encoded(noise(26 * MEGA, 4), "TIFF"),
    "TIFF, floats": lambda: encoded(noise(26 * MEGA, 1)[..., 0] / np.float32(255), "TIFF"),
    "TIFF, LZW": lambda: encoded(noise(40 * MEGA, 4, 2), "TIFF", compression="tiff_lzw"),
    "TIFF, strips": lambda: tiff_of_strips(30_000, 30_000, 1),
    "HEIC": heic,
    "AVIF": lambda: encoded(noise(25 * MEGA, 3, 16), "AVIF", speed=10, subsampling="4:4:4"),
}
# With many parts; they are rejected.
PARTS: dict[str, Make] = {
    "JPEG, segments": lambda: jpeg_of_markers(b"\xff\xed\0\2"),
    "JPEG, comments": lambda: jpeg_of_markers(b"\xff\xfe\0\2"),
    "JPEG, fill bytes": lambda: jpeg_of_markers(b"\xff"),
    "PNG, chunks": png_of_chunks,
    "PNG, orientations": png_of_orientations,
    "GIF, comments": gif_of_comments,
    "BMP, runs": lambda: bmp_of_runs(UPLOAD // 2),
    "TIFF, millions of strips": lambda: tiff_of_strips(UPLOAD // 8, 20_000, 1),
    "TIFF, strips upon each other": lambda: tiff_of_strips(20_000, 1000, 999),
}
