import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import pictures
from conftest import missing
from labelled_pictures import LabelledPicture, is_correct, load_pictures
from paper import drawn, on_paper, row
from picture_readers import Answers, PictureReader, find_readers, tesseract_mode
from picture_table import pictures_table
from tendigits.data import Dataset
from tendigits.errors import DataError

READER = "tendigits"


@pytest.fixture
def folder(mnist: Dataset, tmp_path: Path) -> Path:
    """Four drawings of one digit, two rows of three digits and a blank page, with their labels."""
    images, labels = mnist.test.images, mnist.test.labels
    lines = ["file,label,kind"]
    for place in range(4):
        Image.fromarray(on_paper(drawn(images[place]))).save(tmp_path / f"{place}.png")
        lines.append(f"{place}.png,{labels[place]},drawing")
    for place in (4, 7):
        Image.fromarray(on_paper(row(images[place : place + 3]))).save(tmp_path / f"row{place}.png")
        text = " ".join(str(label) for label in labels[place : place + 3])
        lines.append(f"row{place}.png,{text},row")
    Image.new("L", (200, 100), 230).save(tmp_path / "blank.png")
    lines.append("blank.png,,nondigit")
    (tmp_path / "pictures.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def result_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the results are written; no other reader is installed and no table is updated."""
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(pictures, "RESULT", tmp_path / "result.json")
    monkeypatch.setattr(pictures, "update_pages", lambda: None)
    monkeypatch.setattr(pictures, "SYNTHETIC_PAGES", 0)
    threads = cv2.getNumThreads()
    yield tmp_path / "result.json"
    cv2.setNumThreads(threads)


def result_of(row: dict[str, Any]) -> tuple[str, int, int]:
    return row["name"], row["pictures"], row["results"][READER]["correct"]


def test_results_are_counted_by_kind_and_missing_readers_are_noted(
    folder: Path, result_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pictures.main([str(folder)]) == 0
    result = json.loads(result_file.read_text())
    assert list(map(result_of, result["pictures"])) == [
        ("drawing", 4, 4),
        ("row", 2, 2),
        ("nondigit", 1, 1),
    ]
    assert all(row["results"][READER]["milliseconds"] > 0 for row in result["pictures"])
    assert result["environment"]["threads"] == 1
    assert [sentence.split()[0] for sentence in result["left_out"]] == ["RapidOCR", "Tesseract"]
    assert capsys.readouterr().err.splitlines() == result["left_out"]
    assert "apt-get install tesseract-ocr" in result["left_out"][1]


def test_results_name_no_picture(folder: Path, result_file: Path) -> None:
    pictures.main([str(folder)])
    assert ".png" not in result_file.read_text()
    assert str(folder) not in result_file.read_text()


def test_table_has_a_column_for_each_reader_and_says_what_is_left_out(
    folder: Path, result_file: Path
) -> None:
    pictures.main([str(folder)])
    result = json.loads(result_file.read_text())
    table = pictures_table(result).splitlines()
    assert table[0] == "| `make bench-pictures`, kind | pictures | tendigits |"
    assert table[2].startswith("| `drawing` | 4 | 100.0 %, ")
    assert table[-1].startswith("7 pictures: the fraction read correctly")
    assert all(sentence in table[-1] for sentence in result["left_out"])


def test_synthetic_pages_are_measured_in_a_table_of_their_own(
    mnist: Dataset, folder: Path, result_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def synthetic_pages(count: int, seed: int) -> list[tuple[NDArray[np.uint8], str, str]]:
        assert (count, seed) == (pictures.SYNTHETIC_PAGES, pictures.SYNTHETIC_SEED)
        page = on_paper(row(mnist.test.images[:2]))[..., 0]
        return [(page, "7\n2", "plain"), (np.full_like(page, 230), "", "empty")]

    monkeypatch.setattr(pictures, "synthetic_pages", synthetic_pages)
    monkeypatch.setattr(pictures, "SYNTHETIC_PAGES", 2)
    pictures.main([str(folder)])
    result = json.loads(result_file.read_text())
    assert list(map(result_of, result["synthetic_pages"])) == [("plain", 1, 1), ("empty", 1, 1)]
    table = pictures_table(result)
    assert "| synthetic pages, kind | pictures | tendigits |" in table
    assert "\n7 pictures and 2 synthetic pages: " in table


@pytest.mark.parametrize(
    ("text", "label", "correct"),
    [
        ("12", "12", True),
        ("1 2\n", "12", True),
        ("1.2", "1-2", True),
        ("12/05", "12 05", True),
        ("1?2", "12", False),
        ("l2", "12", False),
        ("", "12", False),
        ("abc ?", "", True),
        ("", "", True),
        ("a1", "", False),
    ],
)
def test_text_is_compared_without_spaces_and_marks(text: str, label: str, correct: bool) -> None:
    assert is_correct(text, label) is correct


def reader_that_reads(texts: dict[str, list[str]]) -> PictureReader:
    modes = {
        mode: lambda files, read=read: Answers(read, [len(files) / 1000] * len(read))
        for mode, read in texts.items()
    }
    return PictureReader("some reader", "some reader 1.0", modes)


def test_reader_with_several_modes_is_measured_in_the_best_mode_for_each_kind() -> None:
    labelled = [
        LabelledPicture(Path("a"), "1", "photo"),
        LabelledPicture(Path("b"), "2", "photo"),
        LabelledPicture(Path("c"), "3", "scan"),
    ]
    reader = reader_that_reads({"--psm 7": ["1", "2", ""], "--psm 10": ["1", "", "3"]})
    rows = pictures.measure(labelled, [reader])
    results = {row.name: row.results["some reader"] for row in rows}
    assert {name: (each.correct, each.mode) for name, each in results.items()} == {
        "photo": (2, "--psm 7"),
        "scan": (1, "--psm 10"),
        "single digits": (3, ""),
    }
    table = pictures_table(
        {
            "environment": {"cpu": "a CPU"},
            "software": {"some reader": "some reader 1.0"},
            "left_out": [],
            "pictures": [asdict(row) for row in rows],
            "synthetic_pages": [],
        }
    )
    assert "| **single digits** | 3 | **100.0 %**, 3 ms |" in table
    assert "`--psm 7` for `photo`; `--psm 10` for `scan`." in table


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["file,label,kind"], "lists no picture; add one row per picture."),
        (["file,kind", "0.png,drawing"], "picture 1: a value is missing; the columns are file,"),
        (["file,label,kind", "0.png,7,"], "picture 1: a value is missing"),
        (["file,label,kind", "0.png,seven,drawing"], "picture 1: invalid label 'seven'"),
        (["file,label,kind", "0.png,,drawing"], "leave the label empty for kind 'nondigit' only"),
        (["file,label,kind", "0.png,7,nondigit"], "picture 1: invalid label '7'"),
        (["file,label,kind", "0.png,7,drawing", "none.png,7,drawing"], "picture 2: there is no"),
    ],
)
def test_wrong_table_is_reported_before_anything_is_read(
    folder: Path, lines: list[str], message: str
) -> None:
    (folder / "pictures.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DataError) as error:
        load_pictures(folder)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_table_is_reported_in_one_sentence_with_exit_code_2(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, pictures.__file__, tmp_path], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        f"{tmp_path / 'pictures.csv'}: No such file or directory; give a folder whose pictures.csv "
        "has the columns file, label, kind.\n"
    )


def test_missing_folder_is_reported_and_nothing_is_written(
    result_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pictures.main([""]) == 2
    assert capsys.readouterr().err == (
        "Give the folder of the pictures: make bench-pictures FOLDER=pictures\n"
    )
    assert not result_file.exists()


def test_picture_that_cannot_be_opened_counts_as_not_read(folder: Path) -> None:
    (folder / "0.png").write_bytes(b"no picture")
    readers, _ = find_readers()
    for reader in readers:
        read = next(iter(reader.modes.values()))
        answers = read([folder / "0.png", folder / "1.png", folder / "0.png"])
        assert len(answers.texts) == len(answers.seconds) == 3
        assert (answers.texts[0], answers.texts[2]) == ("", "")
        assert min(answers.seconds) > 0
    assert readers[0].name == READER


def test_tesseract_reads_printed_digits_and_continues_after_a_damaged_file(tmp_path: Path) -> None:
    if shutil.which("tesseract") is None:
        missing("Tesseract", "tesseract-ocr")
    from matplotlib import pyplot as plt

    for name in ("314", "2718"):
        figure = plt.figure(figsize=(3, 1))
        figure.text(0.2, 0.3, name, fontsize=36)
        figure.savefig(tmp_path / f"{name}.png")
        plt.close(figure)
    (tmp_path / "damaged.png").write_bytes(b"no picture")
    files = [tmp_path / f"{name}.png" for name in ("314", "damaged", "2718")]
    answers = tesseract_mode(7)(files)
    assert [text.strip() for text in answers.texts] == ["314", "", "2718"]
