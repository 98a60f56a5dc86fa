import gzip
import multiprocessing
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from error_sentences import raises_data_error
from mirror_server import Behaviour, Mirror, entry_for, running_mirror

from tendigits.data import CatalogueEntry, download
from tendigits.data.download import cache_folder, fetch
from tendigits.data.load import no_progress

NOISE = np.random.default_rng(0).bytes(500_000)
LARGE = "train-images-idx3-ubyte.gz"
SMALL = "train-labels-idx1-ubyte.gz"
FILES = {LARGE: gzip.compress(NOISE), SMALL: gzip.compress(b"5041")}
HALF = len(FILES[LARGE]) // 2
PART = f"{LARGE}.part"
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with running_mirror(FILES) as running:
        yield running


@pytest.fixture
def entry(mirror: Mirror) -> CatalogueEntry:
    return entry_for(FILES, mirror.url)


@pytest.fixture
def delays(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The delays between attempts, in seconds, which tests skip."""
    seconds: list[float] = []
    monkeypatch.setattr("tendigits.data.download.time.sleep", seconds.append)
    return seconds


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "tiny"


def content_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def write(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def fetch_with_room_for(size: int, entry: CatalogueEntry, folder: Path) -> Path:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return fetch(entry, folder, no_progress)


def test_all_files_are_downloaded(mirror: Mirror, entry: CatalogueEntry, folder: Path) -> None:
    assert fetch(entry, folder, no_progress) == folder
    assert content_of(folder) == FILES
    assert mirror.requests == [(LARGE, None), (SMALL, None)]


def test_files_that_exist_are_not_downloaded_again(
    mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    write(folder, LARGE, FILES[LARGE])
    fetch(entry, folder, no_progress)
    assert mirror.requests == [(SMALL, None)]


def test_progress_is_reported_up_to_the_last_byte(entry: CatalogueEntry, folder: Path) -> None:
    reported: list[tuple[str, int, int]] = []
    fetch(entry, folder, lambda *step: reported.append(step))
    large = [done for name, done, _ in reported if name == LARGE]
    assert large == sorted(large)
    assert len(large) > 2
    assert (large[-1], reported[-1]) == (len(FILES[LARGE]), (SMALL, *2 * [len(FILES[SMALL])]))
    assert {total for name, _, total in reported if name == LARGE} == {len(FILES[LARGE])}


@pytest.mark.usefixtures("delays")
def test_a_lost_connection_is_resumed_where_it_ended(
    mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    mirror.faults.append(Behaviour(sent_bytes=HALF))
    reported: list[int] = []
    fetch(entry, folder, lambda _name, done, _total: reported.append(done))
    assert content_of(folder) == FILES
    assert mirror.requests[1][0] == LARGE
    resumed_at = int(str(mirror.requests[1][1]).removeprefix("bytes=").removesuffix("-"))
    assert 0 < resumed_at <= HALF
    assert reported[:-1] == sorted(reported[:-1])


@pytest.mark.usefixtures("delays")
def test_without_range_support_the_download_starts_again(
    mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    mirror.behaviour = Behaviour(supports_ranges=False)
    mirror.faults.append(Behaviour(sent_bytes=HALF, supports_ranges=False))
    reported: list[tuple[str, int]] = []
    fetch(entry, folder, lambda name, _done, total: reported.append((name, total)))
    assert content_of(folder) == FILES
    assert [name for name, _ in mirror.requests] == [LARGE, LARGE, SMALL]
    assert set(reported) == {(name, len(content)) for name, content in FILES.items()}


def test_the_delay_grows_with_each_attempt(
    mirror: Mirror, entry: CatalogueEntry, folder: Path, delays: list[float]
) -> None:
    mirror.faults.extend([Behaviour(status=500)] * 2)
    fetch(entry, folder, no_progress)
    assert content_of(folder) == FILES
    assert delays[:3] == [0, 1, 2]


def test_a_file_missing_from_one_mirror_is_downloaded_from_the_next(
    mirror: Mirror, folder: Path
) -> None:
    fetch(entry_for(FILES, mirror.url + "moved/", mirror.url), folder, no_progress)
    assert content_of(folder) == FILES
    assert [name for name, _ in mirror.requests] == [
        f"moved/{LARGE}",
        LARGE,
        f"moved/{SMALL}",
        SMALL,
    ]


@pytest.mark.usefixtures("delays")
def test_a_file_with_another_checksum_is_deleted_and_rejected(
    mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    mirror.files[LARGE] = b"<html>Sign in to this network</html>"
    with raises_data_error(f"{mirror.url} sent a file with another SHA-256", folder):
        fetch(entry, folder, no_progress)
    assert content_of(folder) == {}


@pytest.mark.usefixtures("delays")
@pytest.mark.parametrize("garbage", [b"?" * 1000, b"?" * 600_000], ids=["short", "too long"])
def test_a_damaged_part_is_deleted_and_downloaded_again(
    mirror: Mirror, entry: CatalogueEntry, folder: Path, garbage: bytes
) -> None:
    write(folder, PART, garbage)
    fetch(entry, folder, no_progress)
    assert content_of(folder) == FILES
    assert mirror.requests == [(LARGE, f"bytes={len(garbage)}-"), (LARGE, None), (SMALL, None)]


def test_a_complete_part_is_renamed_without_a_download(
    mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    write(folder, PART, FILES[LARGE])
    fetch(entry, folder, no_progress)
    assert content_of(folder) == FILES
    assert mirror.requests == [(LARGE, f"bytes={len(FILES[LARGE])}-"), (SMALL, None)]


def test_a_killed_download_leaves_a_part_that_the_next_one_resumes(
    mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    killed = Event()
    mirror.faults.append(Behaviour(sent_bytes=HALF, closed_after=killed))
    child = SPAWN.Process(target=fetch, args=(entry, folder, no_progress))
    child.start()
    wait_until(lambda: (folder / PART).exists() and (folder / PART).stat().st_size > 0)
    child.kill()
    child.join()
    killed.set()
    assert child.exitcode == -signal.SIGKILL
    kept = content_of(folder)
    assert list(kept) == [PART]
    assert FILES[LARGE].startswith(kept[PART])
    fetch(entry, folder, no_progress)
    assert content_of(folder) == FILES
    assert mirror.requests[1] == (LARGE, f"bytes={len(kept[PART])}-")


def test_two_simultaneous_downloads_fetch_each_file_once(
    mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    both_started = Event()
    mirror.faults.append(Behaviour(closed_after=both_started))
    with ThreadPoolExecutor(2) as pool:
        downloads = [pool.submit(fetch, entry, folder, no_progress) for _ in range(2)]
        wait_until(lambda: bool(mirror.requests))
        time.sleep(0.3)
        both_started.set()
        assert [running.result() for running in downloads] == [folder, folder]
    assert content_of(folder) == FILES
    assert mirror.requests == [(LARGE, None), (SMALL, None)]


def test_a_damaged_file_in_the_cache_is_reported_and_kept(
    mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    damaged = write(folder, LARGE, FILES[LARGE][:-1] + b"?")
    with raises_data_error(f"{damaged} differs from the published file", "delete it"):
        fetch(entry, folder, no_progress)
    assert list(content_of(folder)) == [LARGE]
    assert mirror.requests == []


@pytest.mark.usefixtures("delays")
def test_the_error_without_a_connection_lists_the_files_to_download_manually(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    entry = entry_for(FILES, f"http://127.0.0.1:{port}/")
    with raises_data_error(
        "no connection", f"download {LARGE}, {SMALL} from {entry.homepage} into {folder}."
    ):
        fetch(entry, folder, no_progress)


@pytest.mark.usefixtures("delays")
def test_a_server_that_never_responds_times_out(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr(download, "TIMEOUT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        entry = entry_for(FILES, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        with raises_data_error("timeout"):
            fetch(entry, folder, no_progress)


@pytest.mark.usefixtures("delays")
def test_a_server_that_stalls_during_a_download_times_out(
    monkeypatch: pytest.MonkeyPatch, mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    monkeypatch.setattr(download, "TIMEOUT_SECONDS", 0.1)
    timed_out = Event()
    mirror.behaviour = Behaviour(sent_bytes=10, closed_after=timed_out)
    with raises_data_error("timeout"):
        fetch(entry, folder, no_progress)
    timed_out.set()


@pytest.mark.usefixtures("delays")
@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Behaviour(status=503), "status 503"),
        (Behaviour(status=416), "status 416"),
        (Behaviour(sent_bytes=10), "the connection was lost"),
    ],
    ids=["unavailable", "range error without a range", "connection lost"],
)
def test_the_error_gives_the_reason_of_the_last_failure(
    mirror: Mirror, entry: CatalogueEntry, folder: Path, behaviour: Behaviour, reason: str
) -> None:
    mirror.behaviour = behaviour
    with raises_data_error(f"{mirror.url}{LARGE}: {reason}"):
        fetch(entry, folder, no_progress)
    assert len(mirror.requests) == 3


@pytest.mark.parametrize(
    "headers",
    [{"Content-Encoding": "gzip"}, {"Content-Length": "many"}],
    ids=["a .gz declared as compressed for transfer", "a length that is not a number"],
)
def test_unusual_headers_do_not_change_the_file(
    mirror: Mirror, entry: CatalogueEntry, folder: Path, headers: dict[str, str]
) -> None:
    mirror.behaviour = Behaviour(headers=headers)
    fetch(entry, folder, no_progress)
    assert content_of(folder) == FILES


@pytest.mark.usefixtures("delays")
def test_a_download_over_the_size_limit_is_aborted(
    monkeypatch: pytest.MonkeyPatch, entry: CatalogueEntry, folder: Path
) -> None:
    monkeypatch.setattr(download, "MAX_BYTES", 100_000)
    with raises_data_error("is larger than 100,000 bytes"):
        fetch(entry, folder, no_progress)


def test_a_full_disk_is_a_one_sentence_error_and_the_download_can_be_resumed(
    mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    with (
        ProcessPoolExecutor(1, mp_context=SPAWN) as pool,
        raises_data_error(f"Cannot write to {folder}", "disk space", "TENDIGITS_CACHE"),
    ):
        pool.submit(fetch_with_room_for, 200_000, entry, folder).result()
    assert list(content_of(folder)) == [PART]
    fetch(entry, folder, no_progress)
    assert content_of(folder) == FILES
    assert mirror.requests[1] == (LARGE, "bytes=200000-")


def test_a_cache_folder_that_cannot_be_created_is_a_one_sentence_error(
    entry: CatalogueEntry, folder: Path
) -> None:
    folder.parent.write_text("a file where a folder should be")
    with raises_data_error(folder, "TENDIGITS_CACHE"):
        fetch(entry, folder, no_progress)


def test_an_interrupted_download_keeps_its_part(entry: CatalogueEntry, folder: Path) -> None:
    def press_ctrl_c(_name: str, _done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(entry, folder, press_ctrl_c)
    assert list(content_of(folder)) == [PART]


def test_the_environment_variable_sets_the_cache_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TENDIGITS_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path


@pytest.mark.parametrize("unset", ["", None])
def test_the_default_cache_folder_is_in_the_users_cache(
    monkeypatch: pytest.MonkeyPatch, unset: str | None
) -> None:
    monkeypatch.delenv("TENDIGITS_CACHE", raising=False)
    if unset is not None:
        monkeypatch.setenv("TENDIGITS_CACHE", unset)
    assert cache_folder().is_absolute()
    assert "tendigits" in cache_folder().parts
