"""Fetching a catalogue data set into the cache: resumed, retried, checked."""

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
MAX_BYTES = 1 << 28  # ten times the largest file of the catalogue
_CHUNK = 1 << 16

Progress = Callable[[str, int, int], None]  # a file's name, bytes that are here, bytes in all


def cache_folder() -> Path:
    """Return where downloaded data sets are kept: $TENDIGITS_CACHE, or the user's cache."""
    chosen = os.environ.get("TENDIGITS_CACHE")
    return Path(chosen) if chosen else platformdirs.user_cache_path("tendigits")


def fetch(entry: CatalogueEntry, folder: Path, progress: Progress) -> Path:
    """Bring every file of `entry` into `folder` and return it; what is there already is kept.

    Raises:
        DataError: a file is damaged, or could not be fetched from any mirror.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone_in(folder):
            for name, sha256 in entry.sha256.items():
                _bring(entry, folder / name, sha256, progress)
    except OSError as error:
        raise DataError(
            f"{folder} cannot be filled ({error.strerror or error}); make room, or name another "
            "folder in TENDIGITS_CACHE."
        ) from error
    return folder


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process fetches into `folder`: two would spoil each other's .part."""
    if os.name != "posix":
        yield
        return
    import fcntl  # noqa: PLC0415 - there is none elsewhere

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems do not lock folders
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _bring(entry: CatalogueEntry, path: Path, sha256: str, progress: Progress) -> None:
    if not path.exists():
        _fetch_file(entry, path, sha256, progress)
    elif sha256_of(path) != sha256:
        raise DataError(
            f"{path} is not the published file (its SHA-256 differs); delete it to fetch it "
            "again, or give a folder of your own with --data."
        )


def _fetch_file(entry: CatalogueEntry, path: Path, sha256: str, progress: Progress) -> None:
    partial = path.with_name(path.name + ".part")
    reason = "no mirror is known"
    for attempt, mirror in _attempts(entry.mirrors):
        time.sleep(attempt)  # 0, 1, 2 seconds: a busy server is given time
        try:
            _download(mirror + path.name, partial, progress)
        except _DownloadError as error:
            reason = str(error)
            continue
        if sha256_of(partial) == sha256:
            replace(partial, path)
            return
        partial.unlink()
        reason = f"{mirror} gave a file with another SHA-256"
    raise DataError(
        f"{entry.name} could not be downloaded ({reason}); put {', '.join(entry.sha256)} "
        f"from {entry.homepage} into {path.parent}."
    )


def _attempts(mirrors: Sequence[str]) -> Iterator[tuple[int, str]]:
    return ((n, mirror) for n in range(ATTEMPTS_PER_MIRROR) for mirror in mirrors)


class _DownloadError(Exception):
    """One attempt failed; the next may not."""


def _download(url: str, partial: Path, progress: Progress) -> None:
    """Append to `partial` what is missing of the file at `url`."""
    import requests  # noqa: PLC0415 - slow to import, and only downloads need it
    import urllib3  # noqa: PLC0415

    done = partial.stat().st_size if partial.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    try:
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_SECONDS) as answer:
            if done and answer.status_code == 416:  # all is here already, or more than there is
                return
            answer.raise_for_status()
            resumed = answer.status_code == 206
            done = done if resumed else 0
            total = done + (answer.raw.length_remaining or 0)
            with partial.open("ab" if resumed else "wb") as file:
                # Raw: some servers call a .gz packed in transit, and requests would unpack it.
                for chunk in answer.raw.stream(_CHUNK, decode_content=False):
                    file.write(chunk)
                    done += len(chunk)
                    if done > MAX_BYTES:
                        raise _DownloadError(f"{url} is larger than {MAX_BYTES:,} bytes")
                    progress(partial.stem, done, max(done, total))
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _DownloadError(f"{url}: {_in_brief(error)}") from error
    if done < total:
        raise _DownloadError(f"{url} ended after {done:,} of {total:,} bytes")


def _in_brief(error: Exception) -> str:
    import requests  # noqa: PLC0415
    import urllib3  # noqa: PLC0415

    if isinstance(error, requests.HTTPError):
        return f"the server answered {error.response.status_code}"
    if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError)):
        return "the server did not answer in time"
    if isinstance(error, urllib3.exceptions.HTTPError):
        return "the connection broke off"
    return "no connection"
