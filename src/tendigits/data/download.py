"""Download of catalogue data sets into the cache: resumed, retried, verified by checksum."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import platformdirs

from tendigits.data.catalogue import CatalogueEntry
from tendigits.errors import DataError
from tendigits.files import replace, sha256_of

ATTEMPTS_PER_MIRROR = 3
TIMEOUT_SECONDS = 20.0
MAX_BYTES = 1 << 28  # 10 times the largest file of the catalogue
_CHUNK = 1 << 16

Progress = Callable[[str, int, int], None]  # file name, bytes received, bytes in total


def cache_folder() -> Path:
    """Return the folder of downloaded data sets: $TENDIGITS_CACHE, or in the user's cache."""
    chosen = os.environ.get("TENDIGITS_CACHE")
    return Path(chosen) if chosen else platformdirs.user_cache_path("tendigits")


def fetch(entry: CatalogueEntry, folder: Path, progress: Progress) -> Path:
    """Download the files of `entry` that are not in `folder` yet, and return `folder`.

    Raises:
        DataError: a file is damaged or not available from any mirror, or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            for name, sha256 in entry.sha256.items():
                _fetch_file(entry, folder / name, sha256, progress)
    except OSError as error:
        raise DataError(
            f"Cannot write to {folder} ({error.strerror or error}); free some disk space, or set "
            "TENDIGITS_CACHE to another folder."
        ) from error
    return folder


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a lock on `folder`, so that no two processes write to the same .part file."""
    if os.name != "posix":
        yield
        return
    import fcntl  # noqa: PLC0415 - POSIX only

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems cannot lock folders
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _fetch_file(entry: CatalogueEntry, path: Path, sha256: str, progress: Progress) -> None:
    if not path.exists():
        _download_file(entry, path, sha256, progress)
    elif sha256_of(path) != sha256:
        raise DataError(
            f"{path} differs from the published file (its SHA-256 does not match); delete it to "
            "download it again, or give another folder with --data."
        )


def _download_file(entry: CatalogueEntry, path: Path, sha256: str, progress: Progress) -> None:
    partial = path.with_name(path.name + ".part")
    reason = "no mirrors"
    for attempt, mirror in _attempts(entry.mirrors):
        time.sleep(attempt)  # 0, 1, 2 seconds, for an overloaded server to recover
        try:
            _download(mirror + path.name, partial, progress)
        except _DownloadError as error:
            reason = str(error)
            continue
        if sha256_of(partial) == sha256:
            replace(partial, path)
            return
        partial.unlink()
        reason = f"{mirror} sent a file with another SHA-256"
    raise DataError(
        f"{entry.name} could not be downloaded ({reason}); download "
        f"{', '.join(entry.sha256)} from {entry.homepage} into {path.parent}."
    )


def _attempts(mirrors: Sequence[str]) -> Iterator[tuple[int, str]]:
    return ((n, mirror) for n in range(ATTEMPTS_PER_MIRROR) for mirror in mirrors)


class _DownloadError(Exception):
    """One attempt failed; another one may succeed."""


def _download(url: str, partial: Path, progress: Progress) -> None:
    """Append the missing part of the file at `url` to `partial`."""
    import requests  # noqa: PLC0415 - slow to import, needed for downloads only
    import urllib3  # noqa: PLC0415

    done = partial.stat().st_size if partial.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    try:
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_SECONDS) as response:
            if done and response.status_code == 416:  # `partial` is complete, or too long
                return
            response.raise_for_status()
            resumed = response.status_code == 206
            done = done if resumed else 0
            total = done + (response.raw.length_remaining or 0)
            with partial.open("ab" if resumed else "wb") as file:
                # Some servers declare a .gz file as compressed for transfer only; requests would
                # decompress it, the raw stream is the file itself.
                for chunk in response.raw.stream(_CHUNK, decode_content=False):
                    file.write(chunk)
                    done += len(chunk)
                    if done > MAX_BYTES:
                        raise _DownloadError(f"{url} is larger than {MAX_BYTES:,} bytes")
                    progress(partial.stem, done, max(done, total))
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _DownloadError(f"{url}: {_short_reason(error)}") from error
    if done < total:
        raise _DownloadError(f"{url} ended after {done:,} of {total:,} bytes")


def _short_reason(error: Exception) -> str:
    import requests  # noqa: PLC0415
    import urllib3  # noqa: PLC0415

    if isinstance(error, requests.HTTPError):
        return f"status {error.response.status_code}"
    if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError)):
        return "timeout"
    if isinstance(error, urllib3.exceptions.HTTPError):
        return "the connection was lost"
    return "no connection"
