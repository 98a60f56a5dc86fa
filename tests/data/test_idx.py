import gzip
import hashlib
import math
import struct
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from error_sentences import assert_one_sentence, raises_data_error
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from tendigits.data.idx import MAX_ELEMENTS, idx_bytes, idx_sha256, read_idx
from tendigits.errors import DataError

Packing = Callable[[bytes], bytes]


def plain(data: bytes) -> bytes:
    return data


gzipped = partial(gzip.compress, compresslevel=1, mtime=0)

ARRAYS = st.sampled_from([1, 3]).flatmap(
    lambda dimensions: npst.arrays(
        np.uint8,
        npst.array_shapes(min_dims=dimensions, max_dims=dimensions, min_side=0, max_side=12),
    )
)
PACKINGS = st.sampled_from([plain, gzipped])
COUNTS = st.sampled_from([0, 1, 2**32 - 1]) | st.integers(0, 2**32 - 1)
HEADERS = st.tuples(COUNTS, COUNTS, COUNTS).map(
    lambda counts: struct.pack(">4B3I", 0, 0, 8, 3, *counts)
)
BYTES = st.binary(max_size=200)
NEARLY_IDX = st.builds(bytes.__add__, HEADERS, BYTES) | BYTES.map(bytes((0, 0, 8, 3)).__add__)
NEARLY_GZIP = st.builds(bytes.__add__, st.just(b"\x1f\x8b"), BYTES) | st.builds(
    bytes.__add__, st.just(b"\x1f\x8b\x08"), BYTES
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("idx") / "images"


@given(array=ARRAYS, pack=PACKINGS)
@settings(deadline=None)
def test_an_array_that_is_written_and_read_is_unchanged(
    file: Path, array: NDArray[np.uint8], pack: Packing
) -> None:
    file.write_bytes(pack(idx_bytes(array)))
    found = read_idx(file, array.ndim)
    assert found.dtype == np.uint8
    assert np.array_equal(found, array)


@given(content=BYTES | NEARLY_IDX | NEARLY_GZIP | NEARLY_IDX.map(gzipped))
@settings(deadline=None, max_examples=300)
def test_arbitrary_bytes_give_an_array_or_a_one_sentence_error(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    try:
        found = read_idx(file, 3)
    except DataError as error:
        assert_one_sentence(str(error), file)
    else:
        assert found.ndim == 3


@given(array=ARRAYS, place=st.integers(0), value=st.integers(1, 255))
@settings(deadline=None)
def test_a_damaged_gzip_file_gives_the_array_or_a_one_sentence_error(
    file: Path, array: NDArray[np.uint8], place: int, value: int
) -> None:
    content = bytearray(gzipped(idx_bytes(array)))
    content[place % len(content)] ^= value
    file.write_bytes(content)
    try:
        found = read_idx(file, array.ndim)
    except DataError as error:
        assert_one_sentence(str(error), file)
    else:
        assert np.array_equal(found, array)


@given(array=ARRAYS, pack=PACKINGS, data=st.data())
@settings(deadline=None)
def test_a_truncated_file_is_rejected(
    file: Path, array: NDArray[np.uint8], pack: Packing, data: st.DataObject
) -> None:
    content = pack(idx_bytes(array))
    file.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with raises_data_error(file):
        read_idx(file, array.ndim)


@given(array=ARRAYS, pack=PACKINGS, extra=st.binary(min_size=1, max_size=20))
@settings(deadline=None)
def test_data_after_the_last_element_is_rejected(
    file: Path, array: NDArray[np.uint8], pack: Packing, extra: bytes
) -> None:
    file.write_bytes(pack(idx_bytes(array) + extra))
    with raises_data_error(file, "is too long", f"{array.size:,} bytes"):
        read_idx(file, array.ndim)


@given(array=ARRAYS, extra=st.binary(min_size=1, max_size=20).filter(any))
@settings(deadline=None)
def test_bytes_after_the_end_of_a_gzip_file_are_rejected(
    file: Path, array: NDArray[np.uint8], extra: bytes
) -> None:
    file.write_bytes(gzipped(idx_bytes(array)) + extra)
    with raises_data_error(file, "damaged gzip file"):
        read_idx(file, array.ndim)


def test_zero_padding_after_gzip_data_is_ignored_as_gzip_does(file: Path) -> None:
    array = np.arange(7, dtype=np.uint8)
    file.write_bytes(gzipped(idx_bytes(array)) + bytes(512))
    assert np.array_equal(read_idx(file, 1), array)


@pytest.mark.parametrize(
    ("content", "start"),
    [
        (b"", "nothing"),
        (b"\0\0", "00 00"),
        (b"\x89PNG\r\n\x1a\n", "89 50 4e 47"),
        (idx_bytes(np.zeros(5, np.uint8)), "00 00 08 01"),
        (struct.pack(">4B3I", 0, 0, 13, 3, 1, 1, 1) + bytes(4), "00 00 0d 03"),
    ],
    ids=["empty", "two bytes", "a PNG", "labels", "floats"],
)
@pytest.mark.parametrize("pack", [plain, gzipped], ids=["plain", "gzipped"])
def test_the_error_for_a_wrong_magic_number_shows_found_and_expected_bytes(
    file: Path, content: bytes, start: str, pack: Packing
) -> None:
    file.write_bytes(pack(content))
    with raises_data_error(file, f"starts with {start} instead of 00 00 08 03"):
        read_idx(file, 3)


@pytest.mark.parametrize(
    "shape",
    [(2**32 - 1, 2**32 - 1, 2**32 - 1), (0, 2**32 - 1, 2**32 - 1), (MAX_ELEMENTS, 1, 1)],
    ids=["too many", "too many times 0", "as many as are allowed"],
)
@pytest.mark.parametrize("pack", [plain, gzipped], ids=["plain", "gzipped"])
def test_a_header_that_declares_billions_of_elements_allocates_no_memory(
    file: Path, shape: tuple[int, int, int], pack: Packing
) -> None:
    file.write_bytes(pack(struct.pack(">4B3I", 0, 0, 8, 3, *shape)))
    tracemalloc.start()
    with raises_data_error(file, "declares"):
        read_idx(file, 3)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20


def test_a_missing_file_is_rejected(tmp_path: Path) -> None:
    with raises_data_error(tmp_path / "images", "does not exist"):
        read_idx(tmp_path / "images", 3)


def test_a_folder_in_place_of_a_file_is_rejected(tmp_path: Path) -> None:
    with raises_data_error(tmp_path, "cannot be read: Is a directory."):
        read_idx(tmp_path, 3)


@given(array=ARRAYS)
@settings(deadline=None)
def test_the_checksum_is_that_of_the_uncompressed_file(
    file: Path, array: NDArray[np.uint8]
) -> None:
    file.write_bytes(gzipped(idx_bytes(array)))
    uncompressed = gzip.decompress(file.read_bytes())
    assert idx_sha256(read_idx(file, array.ndim)) == hashlib.sha256(uncompressed).hexdigest()


def test_memory_order_changes_neither_bytes_nor_checksum() -> None:
    array = np.arange(math.prod((4, 5, 6)), dtype=np.uint8).reshape(4, 5, 6)
    view = np.asfortranarray(array)
    assert idx_bytes(view) == idx_bytes(array)
    assert idx_sha256(view) == idx_sha256(array)
