import hashlib
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from tendigits.files import (
    atomic_write,
    parse_json,
    remove_unfinished,
    replace,
    sha256_of,
    to_json,
    write_bytes,
    write_json,
    write_text,
)

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
    with atomic_write(path) as partial, partial.open("wb") as file:
        file.write(b"half")
        file.flush()
        half_is_written.set()
        time.sleep(600)


def kill_while_writing(path: Path) -> None:
    half_is_written = SPAWN.Event()
    child = SPAWN.Process(target=write_half_and_wait, args=(path, half_is_written))
    child.start()
    assert half_is_written.wait(timeout=60)
    child.kill()
    child.join()
    assert child.exitcode == -signal.SIGKILL


def fail_half_way(path: Path, error: BaseException) -> None:
    with atomic_write(path) as partial:
        partial.write_bytes(b"half")
        raise error


def test_the_file_exists_once_the_block_has_ended(path: Path) -> None:
    with atomic_write(path) as partial:
        partial.write_bytes(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_the_temporary_file_is_hidden_in_the_same_folder_with_the_same_suffix(path: Path) -> None:
    with atomic_write(path) as partial:
        assert partial.parent == path.parent
        assert partial.name.startswith(".")
        assert partial.suffix == path.suffix


def test_an_existing_file_is_replaced(old: Path) -> None:
    with atomic_write(old) as partial:
        partial.write_bytes(b"new")
        assert old.read_bytes() == b"old"
    assert old.read_bytes() == b"new"
    assert list(old.parent.iterdir()) == [old]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failed_block_leaves_no_file(path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)):
        fail_half_way(path, error)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failed_block_keeps_the_existing_file(old: Path, error: BaseException) -> None:
    with pytest.raises(type(error)):
        fail_half_way(old, error)
    assert old.read_bytes() == b"old"
    assert list(old.parent.iterdir()) == [old]


def test_the_file_has_the_permissions_of_a_new_file(path: Path, umask: int) -> None:
    write_bytes(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask


def test_a_process_killed_while_writing_keeps_the_existing_file(old: Path) -> None:
    kill_while_writing(old)
    assert old.read_bytes() == b"old"
    write_bytes(old, b"new")
    assert old.read_bytes() == b"new"


def write_alternately(path: Path, contents: Sequence[bytes], times: int) -> None:
    for n in range(times):
        write_bytes(path, contents[n % len(contents)])


def test_a_concurrent_reader_never_sees_a_partial_file(path: Path) -> None:
    contents = [bytes([letter]) * 100_000 for letter in b"ab"]
    write_bytes(path, contents[0])
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write_alternately, path, contents, 30)
        seen = [path.read_bytes()]
        while not writing.done():
            seen.append(path.read_bytes())
        writing.result()
    assert set(seen) <= set(contents)


def test_the_error_for_a_missing_folder_has_the_path_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "weights.bin"
    with pytest.raises(FileNotFoundError) as error:
        write_bytes(path, b"new")
    assert error.value.filename == str(path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_not_replaced_by_a_file(path: Path) -> None:
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        write_bytes(path, b"new")
    assert list(path.parent.iterdir()) == [path]
    assert path.is_dir()


def test_text_is_written_as_utf_8_with_unchanged_line_ends(path: Path) -> None:
    write_text(path, "naïve\n二\r\n")
    assert path.read_bytes() == "naïve\n二\r\n".encode()


def test_json_is_written_with_indentation_and_a_final_newline(path: Path) -> None:
    value = {"epochs": 7, "widths": [350, 350]}
    write_json(path, value)
    assert json.loads(path.read_text()) == value
    assert path.read_text().startswith('{\n  "epochs": 7,\n')
    assert path.read_text().endswith("}\n")


def test_replace_renames_a_file_over_an_existing_one(old: Path) -> None:
    part = old.with_suffix(".part")
    part.write_bytes(b"new")
    replace(part, old)
    assert old.read_bytes() == b"new"
    assert not part.exists()


def test_json_has_null_for_numbers_that_are_not_finite() -> None:
    value = {"loss": float("nan"), "bounds": (float("-inf"), 1.5), "epochs": 2}
    assert json.loads(to_json(value)) == {"loss": None, "bounds": [None, 1.5], "epochs": 2}


def test_remove_unfinished_removes_the_temporary_files_of_killed_processes(old: Path) -> None:
    kill_while_writing(old)
    assert len(list(old.parent.iterdir())) == 2
    remove_unfinished(old.parent)
    assert list(old.parent.iterdir()) == [old]


def test_remove_unfinished_keeps_other_hidden_files_and_folders(path: Path) -> None:
    kept = {path.with_name(name) for name in (".gitignore", ".DS_Store", ".notes.txt")}
    for file in kept:
        file.touch()
    folder = path.with_name(".a.b.c")
    folder.mkdir()
    remove_unfinished(path.parent)
    assert set(path.parent.iterdir()) == kept | {folder}


@pytest.mark.parametrize("content", [b"", b"5041", bytes(3_000_000)], ids=len)
def test_sha256_of_a_file_is_that_of_its_content(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert sha256_of(path) == hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Point:
    x: int
    name: str | None = None


def test_json_is_parsed_as_a_dataclass() -> None:
    assert parse_json('{"x": 3, "name": null}', Point) == Point(3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "invalid JSON"),
        ("[]", "input should be an object"),
        ('{"x": "3"}', "x: input should be a valid integer"),
        ('{"x": 3, "y": 4}', "y: unexpected keyword argument"),
        ("{}", "x: field required"),
    ],
)
def test_json_of_another_form_is_reported_in_one_line(content: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        parse_json(content, Point)
    assert "\n" not in str(raised.value)
