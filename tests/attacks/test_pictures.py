"""Hostile pictures: one clear error each, bounded time and memory, no change on the disk."""

import io
import json
import os
import resource
import struct
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conftest import command
from tendigits import PictureError, Reader
from tendigits.data import Dataset

MEMORY = 3 * 2**30
SECONDS = 60


def png(width: int, height: int, data: bytes, depth: int = 8, colour: int = 0) -> bytes:
    """Return a PNG with any header, which need not fit its data."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(data))
        + chunk(b"IEND", b"")
    )


HOSTILE = {
    "empty.png": b"",
    "text.png": b"this is not a picture",
    "zeros.jpg": bytes(10_000),
    "bomb.png": png(30_000, 30_000, bytes(30_000 * 3750), depth=1),
    "lying-large.png": png(2**31 - 1, 2**31 - 1, b"\0"),
    "lying-zero.png": png(0, 0, b""),
    "lying-short.png": png(5000, 5000, bytes(10)),
    "lying-depth.png": png(10, 10, bytes(110), depth=7),
    "svg.png": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "pickle.png": b"\x80\x04cos\nsystem\n(S'touch hacked'\ntR.",
    "cut.pdf": b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog",
    "cut.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100),
    "eps.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(hacked) (w) file\nshowpage\n",
}


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(threads=1)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    for name, content in HOSTILE.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    return tmp_path


def test_each_hostile_picture_gets_one_error_and_nothing_on_the_disk_changes(hostile: Path) -> None:
    names = sorted(path.name for path in hostile.iterdir() if path.name != "folder.png")
    result = subprocess.run(
        command("read", "--json", *names, "/dev/zero"),
        cwd=hostile,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    assert (result.returncode, result.stderr) == (2, "")
    results = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["file"] for each in results] == [*names, "/dev/zero"]
    assert {each["status"] for each in results} == {"error"}
    assert all(each["error"].endswith(".") for each in results)
    left = {path.name for path in hostile.iterdir()}
    assert left == {*HOSTILE, "folder.png", "pipe.png", "loop.png"}


def test_a_folder_named_like_a_picture_is_searched_for_pictures(hostile: Path) -> None:
    result = subprocess.run(
        command("read", "folder.png"),
        cwd=hostile,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert result.returncode == 2
    assert (
        result.stderr
        == "tendigits: The folder folder.png contains no pictures; choose another folder.\n"
    )


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 60_000), (60_000, 1), (2, 3)])
def test_pictures_of_extreme_shapes_are_read(reader: Reader, height: int, width: int) -> None:
    file = io.BytesIO()
    Image.fromarray(np.arange(height * width, dtype=np.uint8).reshape(height, width)).save(
        file, "PNG"
    )
    assert reader.read(file.getvalue()).status in ("read", "empty")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP"])
def test_a_picture_with_a_changed_byte_is_read_or_rejected(
    mnist: Dataset, reader: Reader, form: str
) -> None:
    file = io.BytesIO()
    Image.fromarray(mnist.test.images[0]).save(file, form)
    content = file.getvalue()
    random = np.random.default_rng(0)
    for at in random.integers(0, len(content), 60):
        changed = bytearray(content)
        changed[at] ^= 0xFF
        try:
            reading = reader.read(bytes(changed))
        except PictureError:
            continue
        shown = sum(each.isdigit() or each == "?" for each in reading.text)
        assert shown == len(reading.digits)


def test_a_picture_of_noise_gives_a_bounded_number_of_shapes(reader: Reader) -> None:
    random = np.random.default_rng(0)
    for density in (0.5, 0.02, 0.001):
        noise = random.random((1600, 1600)) < density
        assert len(reader.read(noise).digits) <= 200
