import json
import os
import pty
import re
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conftest import CommandLine, command
from paper import on_paper, row
from tendigits.data import Dataset
from tendigits.images import Box
from tendigits.reading import Guess, ReadDigit, Reading
from tendigits.reading.command import as_line


@pytest.fixture(scope="module")
def folder(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a digit, a row, a blank page, a broken file and a text."""
    folder = tmp_path_factory.mktemp("pictures")
    Image.fromarray(mnist.test.images[0]).save(folder / "a-seven.png")
    Image.fromarray(on_paper(row(mnist.test.images[1:5]))).save(folder / "b-row.jpg", quality=95)
    Image.new("L", (80, 60), 255).save(folder / "c-blank.png")
    (folder / "d-broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_a_line_a_picture_and_what_is_broken_is_told_while_others_go_on(
    folder: Path, tendigits: CommandLine
) -> None:
    result = tendigits("read", folder)
    assert result.returncode == 2
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["7", "2104", "(empty)"]
    assert lines[0].endswith(str(folder / "a-seven.png"))
    (error,) = result.stderr.splitlines()
    assert "d-broken.png is no picture; give" in error


def test_json_keeps_its_form(folder: Path, tendigits: CommandLine) -> None:
    result = tendigits("read", "--json", folder / "b-row.jpg", folder, "nobody.png")
    assert result.returncode == 2
    assert result.stderr == ""
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["status"] for answer in answers] == [
        "read", "read", "read", "empty", "error", "error",
    ]  # fmt: skip
    for answer in answers:
        assert list(answer) == ["file", "text", "status", "digits", "error"]
    row_read = answers[0]
    assert (row_read["text"], row_read["error"]) == ("2104", None)
    for digit in row_read["digits"]:
        assert list(digit) == ["digit", "confidence", "accepted", "box", "second"]
        assert list(digit["second"]) == ["digit", "confidence"]
        left, top, right, bottom = digit["box"]
        assert 0 <= left < right
        assert 0 <= top < bottom
    assert (answers[3]["text"], answers[3]["digits"]) == ("", [])
    assert "nobody.png cannot be read" in answers[5]["error"]


def test_standard_input_is_read(folder: Path) -> None:
    result = subprocess.run(
        command("read", "-", "--json"),
        input=(folder / "a-seven.png").read_bytes(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    answer = json.loads(result.stdout)
    assert (answer["file"], answer["text"]) == ("-", "7")


def test_what_the_network_saw_is_drawn_and_kept(
    folder: Path, tendigits: CommandLine, tmp_path: Path
) -> None:
    result = tendigits(
        *("read", folder / "b-row.jpg", "--explain", tmp_path / "seen.png"),
        *("--crops", tmp_path / "crops"),
    )
    assert (result.returncode, result.stderr) == (0, "")
    with Image.open(tmp_path / "seen.png") as seen:
        assert seen.width > 640
        assert len(np.unique(np.asarray(seen.convert("RGB")).reshape(-1, 3), axis=0)) > 50
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
        (["read", "x.png", "--model", "nobody.onnx"], "nobody.onnx cannot be read"),
        (["read", "x.png", "--threshold", "2"], "--threshold"),
    ],
)
def test_what_will_not_do_is_rejected_in_one_line(
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


def test_a_bar_runs_on_the_terminal_while_the_answers_go_into_a_file(
    many: Path, tmp_path: Path
) -> None:
    screen, terminal = pty.openpty()
    answers = tmp_path / "answers.jsonl"
    with answers.open("wb") as file:
        process = subprocess.Popen(
            command("read", "--json", many),
            stdout=file,
            stderr=terminal,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        )
        os.close(terminal)
        shown = b""
        with suppress(OSError):  # so a closed terminal tells the end
            while read := os.read(screen, 4096):
                shown += read
    os.close(screen)
    assert process.wait(60) == 0
    assert re.search(rb"Reading .*/300", shown)
    assert len(answers.read_bytes().splitlines()) == 300


def test_ctrl_c_tells_how_many_answers_are_given(many: Path) -> None:
    process = subprocess.Popen(
        command("read", many), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    first = [process.stdout.readline() for _ in range(20)]
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    told = re.fullmatch(r"tendigits: Stopped: (\d+) of 300 pictures were read\.\n", errors)
    assert told is not None
    assert int(told[1]) <= len(first) + len(rest.splitlines()) <= int(told[1]) + 1


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
    grown = subprocess.run(words, check=True, timeout=120, capture_output=True, text=True)
    assert float(grown.stdout) < 20  # MiB


def test_reading_needs_no_torch(folder: Path) -> None:
    script = (
        "import sys, tendigits; tendigits.read(sys.argv[1]);"
        "assert not {'torch', 'matplotlib', 'rich.progress'} & set(sys.modules)"
    )
    words = [command()[0], "-c", script, str(folder / "a-seven.png")]
    subprocess.run(words, check=True, timeout=60)


def test_lines_contain_the_text_the_confidence_and_the_file() -> None:
    frame, probabilities = np.zeros((28, 28), np.uint8), np.zeros(10, np.float32)
    box, second = Box(1, 2, 30, 40), Guess(1, 0.001)
    seven = ReadDigit(7, 0.998, True, box, second, frame, probabilities)
    rejected = ReadDigit(4, 0.2, False, box, second, frame, probabilities)
    assert as_line("a.png", Reading((seven, seven))).split() == ["77", "0.996", "a.png"]
    assert as_line("a.png", Reading((rejected,))).split() == ["?", "0.000", "a.png"]
    assert as_line("a.png", Reading(())).split() == ["(empty)", "a.png"]
