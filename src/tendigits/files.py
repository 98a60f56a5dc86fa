"""Files that appear whole: written beside, flushed to the disk, then renamed."""

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it takes the name `path` only when all went well."""
    try:
        descriptor, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix
        )
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    os.close(descriptor)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(0o666 & ~_umask())
        replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` whole."""
    with whole_file(path) as partial:
        partial.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` whole, as UTF-8."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Mapping[str, object]) -> None:
    """Write `value` to `path` whole, as indented JSON."""
    write_text(path, to_json(value, indent=2) + "\n")


def to_json(value: object, indent: int | None = None) -> str:
    """Return `value` as JSON, with null for numbers that JSON has not (infinite ones and NaN)."""
    return json.dumps(_without_odd_numbers(value), indent=indent, allow_nan=False)


def remove_unfinished(folder: Path) -> None:
    """Remove what processes that were killed while they wrote into `folder` have left there."""
    for path in folder.glob(".*"):
        if path.is_file():
            path.unlink()


def replace(partial: Path, path: Path) -> None:
    """Flush `partial` to the disk and give it the name `path`, as one step."""
    _flush(partial, os.O_RDWR)
    partial.replace(path)
    if os.name == "posix":  # elsewhere a folder cannot be opened to flush its entries
        _flush(path.parent, os.O_RDONLY)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of the file at `path` in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _without_odd_numbers(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _without_odd_numbers(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_odd_numbers(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _flush(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
