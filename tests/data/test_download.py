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
from mirror import Manner, Mirror, entry_for, serving
from rejections import rejected

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
    with serving(FILES) as running:
        yield running


@pytest.fixture
def entry(mirror: Mirror) -> CatalogueEntry:
    return entry_for(FILES, mirror.url)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What would have been waited between attempts, in seconds."""
    waited: list[float] = []
    monkeypatch.setattr("tendigits.data.download.time.sleep", waited.append)
    return waited


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "tiny"


def content_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def put(folder: Path, name: str, content: bytes) -> Path:
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


def test_every_file_is_fetched_whole(mirror: Mirror, entry: CatalogueEntry, folder: Path) -> None:
    assert fetch(entry, folder, no_progress) == folder
    assert content_of(folder) == FILES
    assert mirror.asked == [(LARGE, None), (SMALL, None)]


def test_what_is_here_already_is_not_fetched_again(
    mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    put(folder, LARGE, FILES[LARGE])
    fetch(entry, folder, no_progress)
    assert mirror.asked == [(SMALL, None)]


def test_progress_is_told_up_to_the_last_byte(entry: CatalogueEntry, folder: Path) -> None:
    told: list[tuple[str, int, int]] = []
    fetch(entry, folder, lambda *step: told.append(step))
    large = [done for name, done, _ in told if name == LARGE]
    assert large == sorted(large)
    assert len(large) > 2
    assert (large[-1], told[-1]) == (len(FILES[LARGE]), (SMALL, *2 * [len(FILES[SMALL])]))
    assert {total for name, _, total in told if name == LARGE} == {len(FILES[LARGE])}


@pytest.mark.usefixtures("waits")
def test_a_connection_that_is_cut_is_taken_up_where_it_ended(
    mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    mirror.faults.append(Manner(body=HALF))
    told: list[int] = []
    fetch(entry, folder, lambda _name, done, _total: told.append(done))
    assert content_of(folder) == FILES
    assert mirror.asked[1][0] == LARGE
    resumed_at = int(str(mirror.asked[1][1]).removeprefix("bytes=").removesuffix("-"))
    assert 0 < resumed_at <= HALF
    assert told[:-1] == sorted(told[:-1])


@pytest.mark.usefixtures("waits")
def test_a_server_that_knows_no_ranges_starts_anew(
    mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    mirror.manner = Manner(ranges=False)
    mirror.faults.append(Manner(body=HALF, ranges=False))
    told: list[tuple[str, int]] = []
    fetch(entry, folder, lambda name, _done, total: told.append((name, total)))
    assert content_of(folder) == FILES
    assert [name for name, _ in mirror.asked] == [LARGE, LARGE, SMALL]
    assert set(told) == {(name, len(content)) for name, content in FILES.items()}


def test_a_busy_server_is_given_more_time_before_each_attempt(
    mirror: Mirror, entry: CatalogueEntry, folder: Path, waits: list[float]
) -> None:
    mirror.faults.extend([Manner(status=500)] * 2)
    fetch(entry, folder, no_progress)
    assert content_of(folder) == FILES
    assert waits[:3] == [0, 1, 2]


def test_a_file_that_one_mirror_lacks_is_fetched_from_the_next(
    mirror: Mirror, folder: Path
) -> None:
    fetch(entry_for(FILES, mirror.url + "moved/", mirror.url), folder, no_progress)
    assert content_of(folder) == FILES
    assert [name for name, _ in mirror.asked] == [f"moved/{LARGE}", LARGE, f"moved/{SMALL}", SMALL]


@pytest.mark.usefixtures("waits")
def test_a_wrong_file_is_deleted_and_rejected(
    mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    mirror.files[LARGE] = b"<html>Sign in to this network</html>"
    with rejected(f"{mirror.url} gave a file with another SHA-256", folder):
        fetch(entry, folder, no_progress)
    assert content_of(folder) == {}


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize("rubbish", [b"?" * 1000, b"?" * 600_000], ids=["short", "too long"])
def test_a_damaged_part_is_thrown_away_and_fetched_anew(
    mirror: Mirror, entry: CatalogueEntry, folder: Path, rubbish: bytes
) -> None:
    put(folder, PART, rubbish)
    fetch(entry, folder, no_progress)
    assert content_of(folder) == FILES
    assert mirror.asked == [(LARGE, f"bytes={len(rubbish)}-"), (LARGE, None), (SMALL, None)]


def test_a_part_that_is_whole_only_gets_its_name(
    mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    put(folder, PART, FILES[LARGE])
    fetch(entry, folder, no_progress)
    assert content_of(folder) == FILES
    assert mirror.asked == [(LARGE, f"bytes={len(FILES[LARGE])}-"), (SMALL, None)]


def test_a_killed_download_leaves_a_part_that_the_next_one_goes_on_with(
    mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    killed = Event()
    mirror.faults.append(Manner(body=HALF, until=killed))
    child = SPAWN.Process(target=fetch, args=(entry, folder, no_progress))
    child.start()
    wait_until(lambda: (folder / PART).exists() and (folder / PART).stat().st_size > 0)
    child.kill()
    child.join()
    killed.set()
    assert child.exitcode == -signal.SIGKILL
    left = content_of(folder)
    assert list(left) == [PART]
    assert FILES[LARGE].startswith(left[PART])
    fetch(entry, folder, no_progress)
    assert content_of(folder) == FILES
    assert mirror.asked[1] == (LARGE, f"bytes={len(left[PART])}-")


def test_two_downloads_at_once_share_one_fetch(
    mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    both_run = Event()
    mirror.faults.append(Manner(until=both_run))
    with ThreadPoolExecutor(2) as pool:
        downloads = [pool.submit(fetch, entry, folder, no_progress) for _ in range(2)]
        wait_until(lambda: bool(mirror.asked))
        time.sleep(0.3)
        both_run.set()
        assert [running.result() for running in downloads] == [folder, folder]
    assert content_of(folder) == FILES
    assert mirror.asked == [(LARGE, None), (SMALL, None)]


def test_a_damaged_file_in_the_cache_is_named_and_kept(
    mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    damaged = put(folder, LARGE, FILES[LARGE][:-1] + b"?")
    with rejected(f"{damaged} is not the published file", "delete it"):
        fetch(entry, folder, no_progress)
    assert list(content_of(folder)) == [LARGE]
    assert mirror.asked == []


@pytest.mark.usefixtures("waits")
def test_without_a_connection_the_files_to_put_there_by_hand_are_named(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as was_here:
        port = was_here.getsockname()[1]
    entry = entry_for(FILES, f"http://127.0.0.1:{port}/")
    with rejected("no connection", f"put {LARGE}, {SMALL} from {entry.homepage} into {folder}."):
        fetch(entry, folder, no_progress)


@pytest.mark.usefixtures("waits")
def test_a_server_that_never_answers_is_given_up(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr(download, "TIMEOUT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        entry = entry_for(FILES, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        with rejected("the server did not answer in time"):
            fetch(entry, folder, no_progress)


@pytest.mark.usefixtures("waits")
def test_a_server_that_stops_in_the_middle_is_given_up(
    monkeypatch: pytest.MonkeyPatch, mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    monkeypatch.setattr(download, "TIMEOUT_SECONDS", 0.1)
    given_up = Event()
    mirror.manner = Manner(body=10, until=given_up)
    with rejected("the server did not answer in time"):
        fetch(entry, folder, no_progress)
    given_up.set()


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        (Manner(status=503), "the server answered 503"),
        (Manner(status=416), "the server answered 416"),
        (Manner(body=10), "the connection broke off"),
    ],
    ids=["busy", "no such range though none was asked for", "cut"],
)
def test_what_went_wrong_last_is_said(
    mirror: Mirror, entry: CatalogueEntry, folder: Path, manner: Manner, reason: str
) -> None:
    mirror.manner = manner
    with rejected(f"{mirror.url}{LARGE}: {reason}"):
        fetch(entry, folder, no_progress)
    assert len(mirror.asked) == 3


@pytest.mark.parametrize(
    "headers",
    [{"Content-Encoding": "gzip"}, {"Content-Length": "many"}],
    ids=["a .gz called packed in transit", "a length that is no number"],
)
def test_odd_headers_do_not_change_the_file(
    mirror: Mirror, entry: CatalogueEntry, folder: Path, headers: dict[str, str]
) -> None:
    mirror.manner = Manner(headers=headers)
    fetch(entry, folder, no_progress)
    assert content_of(folder) == FILES


@pytest.mark.usefixtures("waits")
def test_a_file_without_end_is_given_up(
    monkeypatch: pytest.MonkeyPatch, entry: CatalogueEntry, folder: Path
) -> None:
    monkeypatch.setattr(download, "MAX_BYTES", 100_000)
    with rejected("is larger than 100,000 bytes"):
        fetch(entry, folder, no_progress)


def test_a_full_disk_is_told_in_one_sentence_and_fetching_goes_on_when_there_is_room(
    mirror: Mirror, entry: CatalogueEntry, folder: Path
) -> None:
    with (
        ProcessPoolExecutor(1, mp_context=SPAWN) as pool,
        rejected(f"{folder} cannot be filled", "make room", "TENDIGITS_CACHE"),
    ):
        pool.submit(fetch_with_room_for, 200_000, entry, folder).result()
    assert list(content_of(folder)) == [PART]
    fetch(entry, folder, no_progress)
    assert content_of(folder) == FILES
    assert mirror.asked[1] == (LARGE, "bytes=200000-")


def test_a_cache_that_cannot_be_made_is_told_in_one_sentence(
    entry: CatalogueEntry, folder: Path
) -> None:
    folder.parent.write_text("a file where a folder should be")
    with rejected(folder, "TENDIGITS_CACHE"):
        fetch(entry, folder, no_progress)


def test_a_download_that_is_stopped_keeps_its_part(entry: CatalogueEntry, folder: Path) -> None:
    def press_ctrl_c(_name: str, _done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(entry, folder, press_ctrl_c)
    assert list(content_of(folder)) == [PART]


def test_the_cache_is_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TENDIGITS_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path


@pytest.mark.parametrize("unset", ["", None])
def test_the_cache_is_otherwise_among_those_of_the_user(
    monkeypatch: pytest.MonkeyPatch, unset: str | None
) -> None:
    monkeypatch.delenv("TENDIGITS_CACHE", raising=False)
    if unset is not None:
        monkeypatch.setenv("TENDIGITS_CACHE", unset)
    assert cache_folder().is_absolute()
    assert "tendigits" in cache_folder().parts
