import hashlib
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from tendigits.files import replace, sha256_of, whole_file, write_bytes, write_json, write_text

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weights.bin"


@pytest.fixture
def old(path: Path) -> Path:
    path.write_bytes(b"old")
    return path


@pytest.fixture(params=[0o022, 0o077, 0o002], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def write_half_and_wait(path: Path, half_is_written: Event) -> None:
    with whole_file(path) as partial, partial.open("wb") as file:
        file.write(b"half")
        file.flush()
        half_is_written.set()
        time.sleep(600)


def stop_in_the_middle(path: Path, reason: BaseException) -> None:
    with whole_file(path) as partial:
        partial.write_bytes(b"half")
        raise reason


def test_a_file_is_there_when_the_block_has_ended(path: Path) -> None:
    with whole_file(path) as partial:
        partial.write_bytes(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_the_part_stands_beside_the_file_hidden_and_of_its_kind(path: Path) -> None:
    with whole_file(path) as partial:
        assert partial.parent == path.parent
        assert partial.name.startswith(".")
        assert partial.suffix == path.suffix


def test_an_old_file_is_replaced(old: Path) -> None:
    with whole_file(old) as partial:
        partial.write_bytes(b"new")
        assert old.read_bytes() == b"old"
    assert old.read_bytes() == b"new"
    assert list(old.parent.iterdir()) == [old]


@pytest.mark.parametrize("reason", [OSError("disk full"), KeyboardInterrupt()])
def test_a_block_that_fails_leaves_nothing_behind(path: Path, reason: BaseException) -> None:
    with pytest.raises(type(reason)):
        stop_in_the_middle(path, reason)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("reason", [OSError("disk full"), KeyboardInterrupt()])
def test_a_block_that_fails_keeps_the_old_file(old: Path, reason: BaseException) -> None:
    with pytest.raises(type(reason)):
        stop_in_the_middle(old, reason)
    assert old.read_bytes() == b"old"
    assert list(old.parent.iterdir()) == [old]


def test_the_file_has_the_permissions_that_any_new_file_has(path: Path, umask: int) -> None:
    write_bytes(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask


def test_a_process_killed_while_writing_leaves_the_old_file(old: Path) -> None:
    half_is_written = SPAWN.Event()
    child = SPAWN.Process(target=write_half_and_wait, args=(old, half_is_written))
    child.start()
    assert half_is_written.wait(timeout=60)
    child.kill()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert old.read_bytes() == b"old"
    write_bytes(old, b"new")
    assert old.read_bytes() == b"new"


def write_in_turn(path: Path, contents: Sequence[bytes], times: int) -> None:
    for n in range(times):
        write_bytes(path, contents[n % len(contents)])


def test_a_reader_never_meets_half_a_file(path: Path) -> None:
    contents = [bytes([letter]) * 100_000 for letter in b"ab"]
    write_bytes(path, contents[0])
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write_in_turn, path, contents, 30)
        met = [path.read_bytes()]
        while not writing.done():
            met.append(path.read_bytes())
        writing.result()
    assert set(met) <= set(contents)


def test_a_missing_folder_is_reported_under_the_name_that_was_asked_for(tmp_path: Path) -> None:
    wanted = tmp_path / "missing" / "weights.bin"
    with pytest.raises(FileNotFoundError) as failure:
        write_bytes(wanted, b"new")
    assert failure.value.filename == str(wanted)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_not_replaced_by_a_file(path: Path) -> None:
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        write_bytes(path, b"new")
    assert list(path.parent.iterdir()) == [path]
    assert path.is_dir()


def test_text_is_written_as_utf_8_with_its_line_ends(path: Path) -> None:
    write_text(path, "naïve\n二\r\n")
    assert path.read_bytes() == "naïve\n二\r\n".encode()


def test_json_is_written_for_people_and_programs(path: Path) -> None:
    value = {"epochs": 7, "widths": [350, 350]}
    write_json(path, value)
    assert json.loads(path.read_text()) == value
    assert path.read_text().startswith('{\n  "epochs": 7,\n')
    assert path.read_text().endswith("}\n")


def test_a_part_takes_the_name_of_the_old_file(old: Path) -> None:
    part = old.with_suffix(".part")
    part.write_bytes(b"new")
    replace(part, old)
    assert old.read_bytes() == b"new"
    assert not part.exists()


@pytest.mark.parametrize("content", [b"", b"5041", bytes(3_000_000)], ids=len)
def test_the_checksum_is_that_of_the_content(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert sha256_of(path) == hashlib.sha256(content).hexdigest()
