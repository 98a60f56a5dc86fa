"""Reads millions of pictures on a Ray cluster, and writes the results to one Parquet file."""

import json
import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import cv2
import fsspec
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
import ray
from fsspec import AbstractFileSystem
from ray.data import ActorPoolStrategy, DataContext, Dataset

from tendigits.errors import Interrupted, PictureError, TendigitsError
from tendigits.files import atomic_write
from tendigits.images import picture_suffixes
from tendigits.images.decode import MAX_BYTES
from tendigits.reading.pages import PageReader, ReadSettings
from tendigits.reading.schemas import PictureResult

_NUMBER = pa.struct(
    {
        "text": pa.string(),
        "confidence": pa.float64(),
        "line": pa.int32(),
        "box": pa.list_(pa.int32()),
    }
)
# A row for each page; `error` is null where the page was read.
SCHEMA = pa.schema(
    {
        "file": pa.string(),
        "page": pa.int32(),
        "status": pa.string(),
        "text": pa.string(),
        "confidence": pa.float64(),
        "numbers": pa.list_(_NUMBER),
        "error": pa.string(),
    }
)
BATCH = 32  # pictures for an actor at a time; as many are read again when it dies
ROW_GROUP = 50_000  # rows of the results


def read_on_ray(
    source: str,
    settings: ReadSettings,
    out: Path,
    address: str,
    step: Callable[[str, int, int], None],
) -> tuple[int, int]:
    """Read all pictures of a source; return the numbers of pages and of those with an error.

    Each actor has a reader of its own, with one thread. What an actor or a machine that dies was
    reading is read again by another one. The results are in the order in which they are ready.

    Args:
        source: a folder of pictures or a Parquet file, or the URL of one for fsspec.
        settings: how pictures are read.
        out: the Parquet file to write; it appears when all pictures were read.
        address: `local` for a cluster on this machine alone, `auto` for the one that this machine
            is in, or HOST:PORT of that. A program that is connected to Ray keeps its cluster.
        step: called with what is done, the number of pages read, and the number of pictures.

    Raises:
        PictureError: the source has no pictures.
        TendigitsError: the cluster cannot be reached, or has failed.
        Interrupted: on Ctrl-C; nothing is written.
    """
    if address.startswith("ray://"):
        raise TendigitsError(
            "Ray Data cannot be used through Ray Client (ray://); run the command on a machine of "
            "the cluster, with --ray auto."
        )
    PageReader(settings)  # an invalid model or pattern is reported before a cluster is started
    pictures = _parquet_rows(source) if _is_parquet(source) else None
    paths = _find_pictures(source) if pictures is None else None
    with _connected(address):
        data = pictures() if pictures is not None else _paths_dataset(paths or [])
        total = len(paths) if paths is not None else data.count()
        results = data.map_batches(
            RayReader,
            fn_constructor_args=(settings,),
            batch_size=BATCH,
            batch_format="pyarrow",
            num_cpus=1,
            compute=ActorPoolStrategy(min_size=1, max_size=max(1, int(_cores()))),
        )
        return _write(results, out, total, step)


class RayReader:
    """An actor: reads batches of pictures."""

    def __init__(self, settings: ReadSettings) -> None:
        cv2.setNumThreads(1)
        self._reader = PageReader(settings, threads=1)

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Read the pictures of `batch` (columns file and, if they are not in files, picture)."""
        rows: list[dict[str, Any]] = []
        for row in batch.to_pylist():
            rows += self._read(row["file"], row.get("picture"), has_bytes="picture" in row)
        return pa.Table.from_pylist(rows, schema=SCHEMA)

    def _read(self, name: str, picture: bytes | None, *, has_bytes: bool) -> list[dict[str, Any]]:
        try:
            if picture is None:
                picture = _missing() if has_bytes else _content(name)
        except Exception as error:  # of any library for a remote file system
            failed = PictureError(f"{name} cannot be read ({_reason(error)}).")
            return [PictureResult.from_error(name, failed).to_dict()]
        return [json.loads(page.output) for page in self._reader.read(name, picture)]


def _content(name: str) -> bytes:
    with fsspec.open(name, "rb") as file:
        data: bytes = file.read(MAX_BYTES + 1)
    return data


def _missing() -> bytes:
    raise ValueError("the row has no picture")


def _find_pictures(source: str) -> list[str]:
    """Return the paths or URLs of all pictures below a folder, sorted.

    Raises:
        PictureError: there is no such folder, or it has no pictures.
    """
    suffixes = tuple(picture_suffixes())
    with _reported(source):
        system, path = _file_system(source)
        found = [each for each in system.find(path) if each.lower().endswith(suffixes)]
        for each in found:
            each.encode()  # a name that is not valid Unicode has no place in Parquet
    if not found:
        raise PictureError(f"{source} contains no pictures; give a folder or a Parquet file.")
    if "://" in source:
        return sorted(system.unstrip_protocol(each) for each in found)
    return sorted(found)


def _is_parquet(source: str) -> bool:
    with _reported(source):
        system, path = _file_system(source)
        return source.endswith(".parquet") or any(
            each.endswith(".parquet") for each in system.ls(path, detail=False)
        )


def _parquet_rows(source: str) -> Callable[[], Dataset]:
    """Return how to read the columns file and picture of a Parquet file, once there is a cluster.

    Raises:
        PictureError: it has no column of pictures, or none of their names.
    """
    with _reported(source):
        system, path = _file_system(source)
        schema = pads.dataset(path, filesystem=system, format="parquet").schema
    picture = _first(schema, pa.types.is_binary, pa.types.is_large_binary, _is_picture_struct)
    name = _first(schema, pa.types.is_string, pa.types.is_large_string)
    if picture is None or name is None:
        raise PictureError(
            f"{source} needs a column of pictures (binary) and one of their names (text); it has "
            f"{', '.join(schema.names) or 'no columns'}."
        )

    def rows() -> Dataset:
        data = ray.data.read_parquet(path, filesystem=system, columns=[name, picture], num_cpus=0.1)
        return data.map_batches(
            _Columns(name, picture), batch_size=BATCH, batch_format="pyarrow", num_cpus=0.1
        )

    return rows


class _Columns:
    """Renames the columns of a table to file and picture."""

    def __init__(self, name: str, picture: str) -> None:
        self._name, self._picture = name, picture

    def __call__(self, batch: pa.Table) -> pa.Table:
        pictures = batch[self._picture]
        if pa.types.is_struct(pictures.type):
            pictures = pa.chunked_array([each.field("bytes") for each in pictures.chunks])
        return pa.table({"file": batch[self._name], "picture": pictures})


def _first(schema: pa.Schema, *kinds: Callable[[pa.DataType], bool]) -> str | None:
    found = (field.name for kind in kinds for field in schema if kind(field.type))
    return next(found, None)


def _is_picture_struct(kind: pa.DataType) -> bool:
    return bool(pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0)


def _paths_dataset(paths: list[str]) -> Dataset:
    # Small blocks, so that little is read again when an actor dies.
    tables = [
        pa.table({"file": paths[start : start + BATCH]}) for start in range(0, len(paths), BATCH)
    ]
    return ray.data.from_arrow(tables)


def _write(
    results: Dataset, out: Path, total: int, step: Callable[[str, int, int], None]
) -> tuple[int, int]:
    rows, errors, start = 0, 0, monotonic()
    waiting: list[pa.Table] = []
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with atomic_write(out) as partial, pq.ParquetWriter(partial, SCHEMA) as writer:
            for batch in results.iter_batches(batch_size=None, batch_format="pyarrow"):
                assert isinstance(batch, pa.Table)
                table = batch.cast(SCHEMA)
                rows += len(table)
                errors += len(table) - table["error"].null_count
                waiting.append(table)
                if sum(map(len, waiting)) >= ROW_GROUP:
                    writer.write_table(pa.concat_tables(waiting), ROW_GROUP)
                    waiting = []
                step(f"Reading {rows / (monotonic() - start):,.1f} pictures/s", rows, total)
            if waiting:
                writer.write_table(pa.concat_tables(waiting), ROW_GROUP)
    except KeyboardInterrupt:
        raise Interrupted(f"Stopped after {rows} pages; nothing was written.") from None
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[-1]
        raise TendigitsError(f"The Ray cluster has failed ({reason}); start it again.") from error
    return rows, errors


@contextmanager
def _connected(address: str) -> Iterator[None]:
    """Connect to a cluster, or start one on this machine; nothing is reported to its makers.

    A program that is connected already stays so.
    """
    if ray.is_initialized():
        _silence()
        yield
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    local = address == "local"
    try:
        _reach(address)
        with _without_stderr():  # Ray writes there that its log level is set
            ray.init(
                address=address,
                include_dashboard=False if local else None,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
    except Exception as error:  # Ray raises plain ones, too
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise TendigitsError(
            f"Ray cannot be started on this machine ({reason})."
            if local
            else f"There is no Ray cluster at {address}; start one with `ray start --head`, or use "
            "--ray local."
        ) from error
    _silence()
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Discard what is written to the standard error, by C++ code, too."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nothing:  # noqa: PTH123 - it is no path of ours
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _silence() -> None:
    DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray").setLevel(logging.ERROR)
    logging.getLogger("ray.data").setLevel(logging.ERROR)


def _reach(address: str) -> None:
    """Raise an OSError if nothing listens at HOST:PORT.

    Ray itself tries for minutes, and then ends the process.
    """
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=10).close()


def _cores() -> float:
    return float(ray.cluster_resources().get("CPU", 1))  # type: ignore[no-untyped-call]


def _file_system(source: str) -> tuple[AbstractFileSystem, str]:
    system, path = fsspec.core.url_to_fs(source)
    return system, path


@contextmanager
def _reported(source: str) -> Iterator[None]:
    """Report in a sentence that a source cannot be listed or opened."""
    try:
        yield
    except Exception as error:
        raise PictureError(f"{source} cannot be read ({_reason(error)}).") from error


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split()).rstrip(".") or type(error).__name__
