"""Files: atomic writes (to a temporary file that is flushed, then renamed), JSON, checksums."""

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

Record = TypeVar("Record")


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield the path of a temporary file, which replaces `path` if the block succeeds."""
    import tempfile  # noqa: PLC0415 - reading does without it

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
    """Write `data` to `path` atomically."""
    with atomic_write(path) as partial:
        partial.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` atomically, as UTF-8."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Mapping[str, object]) -> None:
    """Write `value` to `path` atomically, as indented JSON."""
    write_text(path, to_json(value, indent=2) + "\n")


def to_json(value: object, indent: int | None = None) -> str:
    """Return `value` as JSON, with null for infinite numbers and NaN, which JSON does not have."""
    return json.dumps(_with_null_for_non_finite(value), indent=indent, allow_nan=False)


def as_json_values(record: Any) -> dict[str, Any]:
    """Return a dataclass as JSON has it: objects, lists (sorted for sets), and null for NaN."""
    values: dict[str, Any] = json.loads(to_json(asdict(record)))
    return values


def parse_json(content: str | bytes, kind: type[Record]) -> Record:
    """Parse JSON that holds exactly the fields of the dataclass `kind`, in their types.

    Raises:
        ValueError: it does not; the message is the first difference, in one line.
    """
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - reading needs neither

    try:
        return TypeAdapter(kind).validate_json(content, strict=True, extra="forbid")
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        message = message[0].lower() + message[1:]
        raise ValueError(f"{path}: {message}" if path else message) from error


def remove_unfinished(folder: Path) -> None:
    """Remove the temporary files of processes that were killed while writing to `folder`."""
    for path in folder.glob(".*.*.*"):  # as named by atomic_write; files like .gitignore stay
        if path.is_file():
            path.unlink()


def replace(partial: Path, path: Path) -> None:
    """Flush `partial` to disk and rename it to `path`, replacing an existing file."""
    _flush(partial, os.O_RDWR)
    partial.replace(path)
    if os.name == "posix":  # Windows cannot open a folder to flush its entries
        _flush(path.parent, os.O_RDONLY)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of the file at `path` in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _with_null_for_non_finite(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _with_null_for_non_finite(each) for key, each in value.items()}
    if isinstance(value, set | frozenset):
        value = sorted(value)
    if isinstance(value, list | tuple):
        return [_with_null_for_non_finite(each) for each in value]
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
