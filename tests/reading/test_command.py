import json
import os
import pty
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conftest import CommandLine, command
from paper import on_paper, row
from tendigits import PictureError
from tendigits.data import Dataset
from tendigits.images import Box
from tendigits.reading import ReadDigit, Reading, SecondChoice
from tendigits.reading.command import as_line, find_sources
from tendigits.reading.explain import ACCEPTED


@pytest.fixture(scope="module")
def folder(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures of a digit, a row and a blank page, a broken file and a text file."""
    folder = tmp_path_factory.mktemp("pictures")
    Image.fromarray(mnist.test.images[0]).save(folder / "a-seven.png")
    Image.fromarray(on_paper(row(mnist.test.images[1:5]))).save(folder / "b-row.jpg", quality=95)
    Image.new("L", (80, 60), 255).save(folder / "c-blank.png")
    (folder / "d-broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    (folder / "notes.txt").write_text("not a picture")
    return folder


def test_one_line_per_picture_is_printed_and_errors_do_not_stop_it(
    folder: Path, tendigits: CommandLine
) -> None:
    result = tendigits("read", folder)
    assert result.returncode == 2
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["7", "2104", "(empty)"]
    assert lines[0].endswith(str(folder / "a-seven.png"))
    (error,) = result.stderr.splitlines()
    assert "d-broken.png is not a picture; give" in error


def test_json_has_its_keys_in_order(folder: Path, tendigits: CommandLine) -> None:
    result = tendigits("read", "--json", folder / "b-row.jpg", folder, "missing.png")
    assert result.returncode == 2
    assert result.stderr == ""
    results = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["status"] for each in results] == [
        "read", "read", "read", "empty", "error", "error",
    ]  # fmt: skip
    for each in results:
        assert list(each) == ["file", "text", "status", "digits", "error"]
    row_read = results[0]
    assert (row_read["text"], row_read["error"]) == ("2104", None)
    for digit in row_read["digits"]:
        assert list(digit) == ["digit", "confidence", "accepted", "box", "second"]
        assert list(digit["second"]) == ["digit", "confidence"]
        left, top, right, bottom = digit["box"]
        assert 0 <= left < right
        assert 0 <= top < bottom
    assert (results[3]["text"], results[3]["digits"]) == ("", [])
    assert "missing.png cannot be read" in results[5]["error"]


def test_standard_input_is_read(folder: Path) -> None:
    result = subprocess.run(
        command("read", "-", "--json"),
        input=(folder / "a-seven.png").read_bytes(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    read = json.loads(result.stdout)
    assert (read["file"], read["text"]) == ("-", "7")


def test_explain_draws_the_picture_and_crops_writes_the_frames(
    folder: Path, tendigits: CommandLine, tmp_path: Path
) -> None:
    result = tendigits(
        *("read", folder / "b-row.jpg", "--explain", tmp_path / "drawing.png"),
        *("--crops", tmp_path / "crops"),
    )
    assert (result.returncode, result.stderr) == (0, "")
    with Image.open(tmp_path / "drawing.png") as drawing:
        assert drawing.width > 640
        pixels = np.asarray(drawing.convert("RGB"))
    assert (pixels == ACCEPTED).all(axis=2).any()
    frames = sorted((tmp_path / "crops").glob("*.png"))
    assert [frame.stem[-1] for frame in frames] == ["2", "1", "0", "4"]
    with Image.open(frames[0]) as frame:
        assert np.asarray(frame).shape == (28, 28)
    listed = (tmp_path / "crops" / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["digit"] for line in listed] == [2, 1, 0, 4]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["read"], "pictures"),
        (["read", "x.png", "--model", "missing.onnx"], "missing.onnx cannot be read"),
        (["read", "x.png", "--threshold", "2"], "--threshold"),
    ],
)
def test_wrong_arguments_give_an_error_of_one_line(
    tendigits: CommandLine, words: list[str], named: str
) -> None:
    result = tendigits(*words)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert named in result.stderr


@pytest.fixture(scope="module")
def many(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 300 digits."""
    folder = tmp_path_factory.mktemp("many")
    for number, image in enumerate(mnist.test.images[:300]):
        Image.fromarray(image).save(folder / f"{number:03}.png")
    return folder


def test_progress_is_shown_on_the_terminal_while_results_go_to_a_file(
    many: Path, tmp_path: Path
) -> None:
    screen, terminal = pty.openpty()
    results = tmp_path / "results.jsonl"
    with results.open("wb") as file:
        process = subprocess.Popen(
            command("read", "--json", many),
            stdout=file,
            stderr=terminal,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        )
        os.close(terminal)
        screen_text = b""
        with suppress(OSError):  # raised when the terminal is closed
            while read := os.read(screen, 4096):
                screen_text += read
    os.close(screen)
    assert process.wait(60) == 0
    assert re.search(rb"Reading .*/300", screen_text)
    assert len(results.read_bytes().splitlines()) == 300


@pytest.fixture
def default_sigint() -> Iterator[None]:
    """Let child processes receive SIGINT, even if this one was started where it is ignored."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.mark.usefixtures("default_sigint")
def test_ctrl_c_prints_how_many_pictures_were_read(many: Path) -> None:
    process = subprocess.Popen(
        command("read", many),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = [process.stdout.readline() for _ in range(20)]
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    printed = re.fullmatch(r"tendigits: Stopped: (\d+) of 300 pictures were read\.\n", errors)
    assert printed is not None
    assert int(printed[1]) <= len(first) + len(rest.splitlines()) <= int(printed[1]) + 1


def test_memory_does_not_grow_with_the_number_of_pictures(mnist: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    Image.fromarray(on_paper(row(mnist.test.images[:5], scale=8), shadow=0.3)).save(path)
    script = (
        "import resource, sys, tendigits\n"
        "reader = tendigits.Reader()\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for _ in reader.read_many([sys.argv[1]] * 10): pass\n"
        "before = peak()\n"
        "for _ in reader.read_many([sys.argv[1]] * 60): pass\n"
        "print((peak() - before) / 1024)"
    )
    words = [command()[0], "-c", script, str(path)]
    result = subprocess.run(words, check=True, timeout=120, capture_output=True, text=True)
    assert float(result.stdout) < 20  # MiB


def test_reading_needs_no_torch(folder: Path) -> None:
    script = (
        "import sys, tendigits; tendigits.read(sys.argv[1]);"
        "assert not {'torch', 'matplotlib', 'rich.progress'} & set(sys.modules)"
    )
    words = [command()[0], "-c", script, str(folder / "a-seven.png")]
    subprocess.run(words, check=True, timeout=60)


def test_lines_contain_the_text_the_confidence_and_the_file() -> None:
    frame, probabilities = np.zeros((28, 28), np.uint8), np.zeros(10, np.float32)
    box, second = Box(1, 2, 30, 40), SecondChoice(1, 0.001)
    seven = ReadDigit(7, 0.998, True, box, second, frame, probabilities)
    rejected = ReadDigit(4, 0.2, False, box, second, frame, probabilities)
    assert as_line("a.png", Reading((seven, seven))).split() == ["77", "0.996", "a.png"]
    assert as_line("a.png", Reading((rejected,))).split() == ["?", "0.000", "a.png"]
    assert as_line("a.png", Reading(())).split() == ["(empty)", "a.png"]


def test_folder_stands_for_all_pictures_below_it(tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    for name in ("b.PNG", "a.jpg", "deeper/c.webp", "notes.txt", "noextension"):
        (tmp_path / name).touch()
    names = [
        Path(source.name).relative_to(tmp_path).as_posix()
        for source in find_sources([str(tmp_path)])
    ]
    assert names == ["a.jpg", "b.PNG", "deeper/c.webp"]


def test_files_keep_their_order_and_may_be_missing() -> None:
    assert [source.name for source in find_sources(["z.png", "a.png"])] == ["z.png", "a.png"]


def test_folder_without_pictures_gives_an_error(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="contains no pictures; choose another folder"):
        find_sources([str(tmp_path)])
