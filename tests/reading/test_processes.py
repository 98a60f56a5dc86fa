import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import overload

import pytest
from PIL import Image

from conftest import CommandLine, command
from tendigits.data import Dataset
from tendigits.reading.pages import ReadSettings
from tendigits.reading.processes import AHEAD, read_in_processes
from tendigits.reading.sources import Source, find_sources

PICTURES = 200


@pytest.fixture(scope="module")
def many(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 200 digits, and a broken file in the middle."""
    folder = tmp_path_factory.mktemp("many")
    for number, image in enumerate(mnist.test.images[:PICTURES]):
        Image.fromarray(image).save(folder / f"{number:03}.png")
    (folder / "150.png").write_bytes(b"broken")
    return folder


class Counted(Sequence[Source]):
    """Sources that count how many of them were taken."""

    def __init__(self, sources: list[Source]) -> None:
        self.sources, self.taken = sources, 0

    @overload
    def __getitem__(self, index: int) -> Source: ...
    @overload
    def __getitem__(self, index: slice) -> list[Source]: ...
    def __getitem__(self, index: int | slice) -> Source | list[Source]:
        return self.sources[index]

    def __len__(self) -> int:
        return len(self.sources)

    def __iter__(self) -> Iterator[Source]:
        for source in self.sources:
            self.taken += 1
            yield source


def workers_of(process: int) -> list[int]:
    """Return the process ids of the workers of a command."""
    listed = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8")
    found = []
    for child in map(int, listed.split()):
        words = Path(f"/proc/{child}/cmdline").read_bytes()
        if b"spawn_main" in words:
            found.append(child)
    return found


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


def reading(folder: Path) -> subprocess.Popen[bytes]:
    """Return a command that has printed its first results."""
    words = command("read", folder, "--jobs", "2")
    pipe = subprocess.PIPE
    # Without a buffer: `communicate` would lose what it holds after the first line.
    process = subprocess.Popen(words, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline()
    return process


def test_results_of_several_processes_are_those_of_one_in_order(
    many: Path, tendigits: CommandLine
) -> None:
    several, one = (tendigits("read", many, "--json", "--jobs", n) for n in ("2", "1"))
    assert (several.returncode, several.stderr) == (2, "")
    assert several.stdout == one.stdout
    assert len(several.stdout.splitlines()) == PICTURES


def test_only_a_few_pictures_are_under_way(many: Path) -> None:
    sources = Counted(find_sources([str(many)]))
    with closing(read_in_processes(sources, ReadSettings("tiny"), 2)) as results:
        for _ in range(3):
            assert next(results)[0].status == "read"
        assert sources.taken <= 2 * AHEAD + 2


@pytest.mark.parametrize("to_all", [True, False], ids=["to all processes", "to one process"])
def test_ctrl_c_stops_at_once_and_says_how_many_pictures_were_read(
    many: Path, to_all: bool
) -> None:
    process = reading(many)
    workers = workers_of(process.pid)
    start = time.monotonic()
    if to_all:  # as a terminal does
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT)
    rest, errors = (each.decode() for each in process.communicate(timeout=60))
    assert time.monotonic() - start < 2  # 0.4 seconds, where nothing else runs
    assert process.returncode == 130
    printed = 1 + len(rest.splitlines())
    assert errors in {
        f"tendigits: Stopped: {done} of {PICTURES} pictures were read.\n"
        for done in (printed - 1, printed)
    }
    assert len(workers) == 2
    assert not any(map(is_running, workers))


def test_death_of_a_process_is_reported_in_one_sentence(many: Path) -> None:
    process = reading(many)
    os.kill(workers_of(process.pid)[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    (sentence,) = errors.decode().splitlines()
    assert "has died, at " in sentence
    assert "use fewer --jobs" in sentence


def test_processes_end_when_the_command_is_killed(many: Path) -> None:
    process = reading(many)
    workers = workers_of(process.pid)
    process.kill()
    process.communicate(timeout=60)
    deadline = time.monotonic() + 20
    while any(map(is_running, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, workers))
