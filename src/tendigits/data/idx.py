"""The IDX format that MNIST is published in.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".
A file consists of a magic number (0, 0, the element type, the number of dimensions), the size of
each dimension as a big-endian 32-bit integer, and the elements. MNIST and the data sets in its
format contain only unsigned bytes (type 8).
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
MAX_ELEMENTS = 1 << 30  # 1 GiB, 20 times MNIST: limits the memory that a false header can claim
_CHUNK = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Read an array of unsigned bytes from an IDX file, plain or gzipped.

    Args:
        path: the file.
        dimensions: the number of dimensions of the array: 3 for images, 1 for labels.

    Raises:
        DataError: the file is missing, not such an IDX file, truncated or too long.
    """
    try:
        with path.open("rb") as file:
            if _starts_gzip(file):
                with gzip.GzipFile(fileobj=file) as decompressed:
                    return _read(decompressed, dimensions, path)  # type: ignore[arg-type]
            return _read(file, dimensions, path)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is a damaged gzip file ({error}); download it again.") from error
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist; check the name.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    """Return `array` as the content of an uncompressed IDX file."""
    return _header(array) + np.ascontiguousarray(array).tobytes()


def idx_sha256(array: NDArray[np.uint8]) -> str:
    """Return the SHA-256 of `array` as an uncompressed IDX file, in hexadecimal."""
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
    # Sizes of 0 count as 1: NumPy rejects an empty array too if its other sizes overflow.
    if math.prod(max(count, 1) for count in shape) > MAX_ELEMENTS:
        raise DataError(
            f"The header of {path} declares {'x'.join(map(str, shape))} bytes, over the limit of "
            f"{MAX_ELEMENTS:,}; check that it is an IDX file."
        )
    expected = math.prod(shape)
    elements = _read_at_most(file, expected + 1)
    if len(elements) < expected:
        raise DataError(
            f"{path} is truncated: its header declares {expected:,} bytes of data and "
            f"{len(elements):,} follow; download it again."
        )
    if len(elements) > expected:
        raise DataError(
            f"{path} is too long: its header declares {expected:,} bytes of data and more follow; "
            "download it again."
        )
    return np.frombuffer(elements, dtype=np.uint8).reshape(shape)


def _read_shape(file: BinaryIO, dimensions: int, path: Path) -> tuple[int, ...]:
    magic = _read_at_most(file, 4)
    expected = bytes((0, 0, UNSIGNED_BYTE, dimensions))
    if magic != expected:
        raise DataError(
            f"{path} is not a valid IDX file of {dimensions}-dimensional unsigned bytes: it starts "
            f"with {magic.hex(' ') or 'nothing'} instead of {expected.hex(' ')}; check that it is "
            "the correct file."
        )
    counts = _read_at_most(file, 4 * dimensions)
    if len(counts) < 4 * dimensions:
        raise DataError(f"{path} is truncated in its header; download it again.")
    return struct.unpack(f">{dimensions}I", counts)


def _read_at_most(file: BinaryIO, count: int) -> bytearray:
    # In chunks, so that memory grows with the file's content, not with the size in its header.
    data = bytearray()
    while len(data) < count:
        chunk = file.read(min(_CHUNK, count - len(data)))
        if not chunk:
            break
        data += chunk
    return data
