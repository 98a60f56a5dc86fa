"""The IDX format that MNIST is published in.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".
A file is a magic number (0, 0, the element type, the number of dimensions), each dimension as
a big-endian 32-bit count, then the elements. Only unsigned bytes (type 8) occur in MNIST and
in the data sets made after it.
"""

import gzip
import hashlib
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tendigits.errors import DataError

UNSIGNED_BYTE = 8
MAX_ELEMENTS = 1 << 30  # a gibibyte: twenty times MNIST, and a bound on what a lying header costs
_CHUNK = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Read the array of unsigned bytes in the IDX file `path`, plain or gzipped.

    Args:
        path: the file.
        dimensions: how many dimensions the array must have (3 for images, 1 for labels).

    Raises:
        DataError: the file is missing, no IDX file of that form, truncated or too long.
    """
    try:
        with path.open("rb") as file:
            if _starts_gzip(file):
                with gzip.GzipFile(fileobj=file) as unpacked:
                    return _read(unpacked, dimensions, path)  # type: ignore[arg-type]
            return _read(file, dimensions, path)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is a damaged gzip file ({error}); fetch it again.") from error
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist; check the name.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    """Return `array` as the content of an unpacked IDX file."""
    return _header(array) + np.ascontiguousarray(array).tobytes()


def idx_sha256(array: NDArray[np.uint8]) -> str:
    """Return the SHA-256 of `array` as an unpacked IDX file, in hexadecimal."""
    digest = hashlib.sha256(_header(array))
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _header(array: NDArray[np.uint8]) -> bytes:
    return struct.pack(f">4B{array.ndim}I", 0, 0, UNSIGNED_BYTE, array.ndim, *array.shape)


def _starts_gzip(file: BinaryIO) -> bool:
    start = file.read(len(_GZIP_MAGIC))
    file.seek(0)
    return start == _GZIP_MAGIC


def _read(file: BinaryIO, dimensions: int, path: Path) -> NDArray[np.uint8]:
    shape = _read_shape(file, dimensions, path)
    # NumPy multiplies the other counts of an empty array too, and rejects what overflows.
    if math.prod(max(count, 1) for count in shape) > MAX_ELEMENTS:
        raise DataError(
            f"{path} announces {'x'.join(map(str, shape))} bytes, more than the {MAX_ELEMENTS:,} "
            "that are read from one file; check that it is an IDX file."
        )
    expected = math.prod(shape)
    elements = _read_at_most(file, expected + 1)
    if len(elements) < expected:
        raise DataError(
            f"{path} is truncated: its header announces {expected:,} bytes of data and "
            f"{len(elements):,} follow; fetch it again."
        )
    if len(elements) > expected:
        raise DataError(
            f"{path} is too long: data goes on after the {expected:,} bytes that its header "
            "announces; fetch it again."
        )
    return np.frombuffer(elements, dtype=np.uint8).reshape(shape)


def _read_shape(file: BinaryIO, dimensions: int, path: Path) -> tuple[int, ...]:
    magic = _read_at_most(file, 4)
    expected = bytes((0, 0, UNSIGNED_BYTE, dimensions))
    if magic != expected:
        raise DataError(
            f"{path} begins with {magic.hex(' ') or 'nothing'} where an IDX file of "
            f"{dimensions}-dimensional unsigned bytes begins with {expected.hex(' ')}; "
            "check that it is the right file."
        )
    counts = _read_at_most(file, 4 * dimensions)
    if len(counts) < 4 * dimensions:
        raise DataError(f"{path} is truncated in its header; fetch it again.")
    return struct.unpack(f">{dimensions}I", counts)


def _read_at_most(file: BinaryIO, count: int) -> bytearray:
    # Grows with the data that is there, not with what the header claims.
    data = bytearray()
    while len(data) < count:
        chunk = file.read(min(_CHUNK, count - len(data)))
        if not chunk:
            break
        data += chunk
    return data
