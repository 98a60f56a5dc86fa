import csv
import io
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conftest import CommandLine, command
from paper import on_paper, row
from tendigits.classifiers import pretrained_models
from tendigits.classifiers.model_file import with_checksum
from tendigits.data import Dataset
from tendigits.data.picture_folder import LABELS_FILE, read_entries
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


@pytest.fixture(scope="module")
def page(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with two lines of two numbers: 721 04, and 149 59."""
    ink = np.zeros((300, 1000), np.float32)
    for start, digits, top, left in (
        (0, 3, 0, 0),
        (3, 2, 0, 600),
        (5, 3, 150, 0),
        (8, 2, 150, 600),
    ):
        number = row(mnist.test.images[start : start + digits], scale=3)
        ink[top : top + len(number), left : left + number.shape[1]] = number
    path = tmp_path_factory.mktemp("page") / "page.png"
    Image.fromarray(on_paper(ink)).save(path)
    return path


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


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names of files")
def test_names_of_files_need_not_be_utf_8(
    folder: Path, tmp_path: Path, tendigits: CommandLine
) -> None:
    name = os.fsdecode(b"caf\xe9.png")
    shutil.copy(next(folder.glob("*.png")), tmp_path / name)
    result = tendigits("read", str(tmp_path), "--crops", str(tmp_path / "crops"))
    assert (result.returncode, result.stderr) == (0, "")
    assert "caf\\udce9.png" in result.stdout
    assert {each.split("-")[0] for each in read_entries(tmp_path / "crops" / LABELS_FILE)} == {
        "caf_udce9"
    }


def test_json_has_its_keys_in_order(folder: Path, tendigits: CommandLine) -> None:
    result = tendigits("read", "--json", folder / "b-row.jpg", folder, "missing.png")
    assert result.returncode == 2
    assert result.stderr == ""
    results = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["status"] for each in results] == [
        "read", "read", "read", "empty", "error", "error",
    ]  # fmt: skip
    for each in results:
        assert list(each) == [
            "file", "page", "text", "confidence", "status", "numbers", "digits", "error",
        ]  # fmt: skip
    row_read = results[0]
    assert (row_read["text"], row_read["page"], row_read["error"]) == ("2104", 1, None)
    (number,) = row_read["numbers"]
    assert list(number) == ["text", "box", "confidence", "line"]
    assert (number["text"], number["line"]) == ("2104", 0)
    assert number["confidence"] == row_read["confidence"] > 0
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


def test_lines_of_a_page_are_one_value_of_csv(page: Path, tendigits: CommandLine) -> None:
    result = tendigits("read", page, "--csv")
    assert result.returncode == 0
    (row,) = csv.DictReader(io.StringIO(result.stdout, newline=""))
    assert (row["file"], row["text"].split("\n"), row["status"]) == (
        str(page),
        ["721 04", "149 59"],
        "read",
    )


def test_numbers_of_a_page_stand_in_its_lines(page: Path, tendigits: CommandLine) -> None:
    result = tendigits("read", page)
    assert (result.returncode, result.stderr) == (0, "")
    title, *lines = result.stdout.splitlines()
    assert re.fullmatch(r"\(2 lines\)  [01]\.\d{3}  .*page\.png", title)
    assert lines == ["  721 04", "  149 59"]


@pytest.mark.parametrize("option", [["--length", "4-6"], ["--pattern", "[0-9]{4,6}"]])
def test_length_or_pattern_gives_the_one_number_of_a_line(
    page: Path, tendigits: CommandLine, option: list[str]
) -> None:
    result = tendigits("read", page, "--json", *option)
    read = json.loads(result.stdout)
    assert result.returncode == 0
    (number,) = read["numbers"]
    assert number["text"] == read["text"] == "".join(str(each["digit"]) for each in read["digits"])
    assert read["text"] in ("72104", "14959")
    assert read["status"] == "read"


def test_exit_code_is_1_if_no_number_fits(folder: Path, tendigits: CommandLine) -> None:
    paths = [folder / "a-seven.png", folder / "b-row.jpg", folder / "c-blank.png"]
    result = tendigits("read", *paths, "--length", "4")
    assert (result.returncode, result.stderr) == (1, "")
    seven, digits, blank = (line.split() for line in result.stdout.splitlines())
    assert seven[:2] == blank[:2] == ["(no", "fit)"]
    assert digits[0] == "2104"
    as_json = tendigits("read", paths[0], "--pattern", "[0-9]/[0-9]", "--json")
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout)["status"] == "no fit"


def test_table_has_the_rows_and_columns_of_the_page(
    page: Path, tendigits: CommandLine, tmp_path: Path
) -> None:
    result = tendigits("read", page, "--table", tmp_path / "new" / "scores.csv")
    assert (result.returncode, result.stderr) == (0, "")
    assert (tmp_path / "new" / "scores.csv").read_text(encoding="utf-8") == "721,04\n149,59\n"


def test_cells_of_a_table_that_cannot_be_read_are_empty_and_named(
    page: Path, tendigits: CommandLine, tmp_path: Path
) -> None:
    table = tmp_path / "scores.csv"
    result = tendigits("read", page, "--table", table, "--threshold", "1")
    assert result.returncode == 1
    assert table.read_text(encoding="utf-8") == ",\n,\n"
    assert [line.partition(" of ")[0] for line in result.stderr.splitlines()] == [
        f"tendigits: Row {row}, column {column}" for row in (1, 2) for column in (1, 2)
    ]


def test_table_is_only_written_for_one_page_with_numbers(
    folder: Path, tendigits: CommandLine, tmp_path: Path
) -> None:
    seven, blank, two_pages = folder / "a-seven.png", folder / "c-blank.png", tmp_path / "two.tif"
    with Image.open(seven) as image:
        image.save(two_pages, save_all=True, append_images=[image.copy()])
    for words, problem in (
        ([seven, blank], "one picture at a time"),
        ([two_pages], "has several pages"),
        ([blank], "contains no numbers"),
        ([seven, "--length", "1"], "leave out --length"),
    ):
        result = tendigits("read", *words, "--table", tmp_path / "scores.csv")
        assert result.returncode == 2
        (sentence,) = result.stderr.splitlines()
        assert problem in sentence
    assert not (tmp_path / "scores.csv").exists()


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
    listed = (tmp_path / "crops" / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in listed]
    assert [entry["digit"] for entry in entries] == [2, 1, 0, 4]
    for entry in entries:
        assert entry["file"].startswith("b-row-")
        with Image.open(tmp_path / "crops" / entry["file"]) as frame:
            assert np.asarray(frame).shape == (28, 28)


def test_each_page_is_drawn_in_a_file_called_after_it(
    folder: Path, tendigits: CommandLine, tmp_path: Path
) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        shutil.copy(folder / "a-seven.png", tmp_path / name / "seven.png")
    with Image.open(folder / "a-seven.png") as image:
        image.save(tmp_path / "two.tif", save_all=True, append_images=[image.copy()])
    pictures = [tmp_path / "one", tmp_path / "other", tmp_path / "two.tif"]
    result = tendigits("read", *pictures, "--explain", tmp_path / "new" / "seen.png")
    assert (result.returncode, result.stderr) == (0, "")
    assert len(result.stdout.splitlines()) == 4
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "seen-seven-2.png",
        "seen-seven.png",
        "seen-two-page-1.png",
        "seen-two-page-2.png",
    ]


def test_drawing_that_cannot_be_written_gives_an_error_of_one_line(
    folder: Path, tendigits: CommandLine
) -> None:
    picture = folder / "a-seven.png"
    result = tendigits("read", picture, "--explain", picture / "seen.png")
    assert result.returncode == 2
    (sentence,) = result.stderr.splitlines()
    assert "seen.png cannot be written" in sentence


def test_scan_of_12_bits_and_heic_are_read_or_named(
    mnist: Dataset, tendigits: CommandLine, tmp_path: Path
) -> None:
    scan = np.round(on_paper(row(mnist.test.images[1:5])) * (4095 / 255)).astype(np.uint16)
    Image.fromarray(scan[..., 0] if scan.ndim == 3 else scan).save(tmp_path / "scan.tif")
    (tmp_path / "photo.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    result = tendigits("read", tmp_path)
    assert result.returncode == 2
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["2104"]
    (sentence,) = result.stderr.splitlines()
    assert "photo.heic" in sentence


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["read"], "pictures"),
        (["read", "x.png", "--model", "missing.onnx"], "There is no model file missing.onnx"),
        (["read", "x.png", "--threshold", "2"], "--threshold"),
        (["read", "x.png", "--length", "6-3"], "The length '6-3' is invalid"),
        (["read", "x.png", "--pattern", "(1"], "The pattern '(1' has a ( without a )"),
        (["read", "x.png", "--length", "3", "--pattern", "1"], "give one of them"),
        (["read", "x.png", "--jobs", "0"], "--jobs"),
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
    assert re.search(rb"Reading [0-9.]+ pictures/s .*/300", screen_text)
    assert len(results.read_bytes().splitlines()) == 300


@pytest.fixture
def default_sigint() -> Iterator[None]:
    """Let child processes receive SIGINT, even if this one was started where it is ignored."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.mark.usefixtures("default_sigint")
def test_ctrl_c_in_one_process_prints_how_many_pictures_were_read(many: Path) -> None:
    process = subprocess.Popen(
        command("read", many, "--jobs", "1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # `communicate` would lose what a buffer holds after these lines
    )
    assert process.stdout is not None
    first = [process.stdout.readline() for _ in range(20)]
    process.send_signal(signal.SIGINT)
    rest, errors = (each.decode() for each in process.communicate(timeout=60))
    assert process.returncode == 130
    printed = re.fullmatch(r"tendigits: Stopped: (\d+) of 300 pictures were read\.\n", errors)
    assert printed is not None
    assert int(printed[1]) <= len(first) + len(rest.splitlines()) <= int(printed[1]) + 1


def test_model_of_other_classes_is_rejected(
    folder: Path, tmp_path: Path, tendigits: CommandLine
) -> None:
    content = pretrained_models()["tiny"].read_bytes()
    letters = content.replace(b'"classes": ["0", "1"', b'"classes": ["a", "b"')
    model = tmp_path / "letters.onnx"
    model.write_bytes(with_checksum(letters))
    result = tendigits("read", folder, "--model", model)
    assert (result.returncode, result.stdout) == (2, "")
    (error,) = result.stderr.splitlines()
    assert "has the classes a, b, 2" in error


def test_reading_needs_no_torch(folder: Path) -> None:
    script = (
        "import sys, tendigits; tendigits.read(sys.argv[1]);"
        "assert not {'torch', 'matplotlib', 'rich.progress'} & set(sys.modules)"
    )
    words = [command()[0], "-c", script, str(folder / "a-seven.png")]
    subprocess.run(words, check=True, timeout=60)


def test_one_picture_is_read_without_what_only_many_need(folder: Path) -> None:
    script = (
        "import sys; from tendigits.cli import main\n"
        "main()\n"
        "assert not {'multiprocessing', 'rich.progress', 'torch', 'scipy'} & set(sys.modules)"
    )
    words = [command()[0], "-c", script, "read", str(folder / "a-seven.png")]
    subprocess.run(words, check=True, timeout=60)
