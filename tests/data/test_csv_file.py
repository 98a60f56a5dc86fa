from pathlib import Path

import numpy as np
import pytest
from error_sentences import raises_data_error

from conftest import CommandLine
from tendigits.data import Dataset, load_dataset

PIXELS = [f"pixel{number}" for number in range(784)]


@pytest.fixture
def rows(mnist: Dataset) -> list[str]:
    """Twenty digits as Kaggle writes them."""
    return [
        ",".join(map(str, [label, *image.ravel()]))
        for image, label in zip(mnist.train.images[:20], mnist.train.labels[:20], strict=True)
    ]


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def assert_is_start_of_mnist(path: Path, mnist: Dataset) -> None:
    dataset = load_dataset(path)
    found = {
        (image.tobytes(), label)
        for part in (dataset.train, dataset.test)
        for image, label in zip(part.images, part.labels, strict=True)
    }
    assert (len(dataset.train) + len(dataset.test), dataset.has_own_test) == (20, False)
    images, labels = mnist.train.images[:20], mnist.train.labels[:20]
    assert found == {(image.tobytes(), label) for image, label in zip(images, labels, strict=True)}


def test_kaggles_file_is_read(tmp_path: Path, rows: list[str], mnist: Dataset) -> None:
    path = write(tmp_path / "train.CSV", [",".join(["label", *PIXELS]), *rows])
    assert_is_start_of_mnist(path, mnist)


def test_names_of_columns_are_optional_and_blank_lines_are_ignored(
    tmp_path: Path, rows: list[str], mnist: Dataset
) -> None:
    assert_is_start_of_mnist(write(tmp_path / "a.csv", [*rows, "", ""]), mnist)


def test_label_can_be_the_last_column_with_semicolons_quotes_and_a_byte_order_mark(
    tmp_path: Path, rows: list[str], mnist: Dataset
) -> None:
    moved = [";".join([*row.split(",")[1:], f'"{row[0]}"']) for row in rows]
    head = ";".join(f'"{name}"' for name in [*PIXELS, "class"])
    assert_is_start_of_mnist(write(tmp_path / "a.csv", ["\ufeff" + head, *moved]), mnist)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], "has 1 column, not 785"),
        (["a,b", "1,2"], "has 2 columns, not 785"),
        ([",".join(PIXELS)], "has 784 columns and no labels"),
        ([",".join(["label", *PIXELS])], "has no rows"),
        ([",".join(["label", *PIXELS]), "5,0,0"], "has rows of 3 values"),
        ([",".join(["1"] + ["0"] * 784), "5,0,0"], "not a table of numbers"),
        ([",".join(["label", *PIXELS]), ",".join(["five"] + ["0"] * 784)], "could not convert"),
        ([",".join(["10"] + ["0"] * 784)] * 3, "has the label 10"),
        ([",".join(["1"] + ["0"] * 784)] * 3, "give at least two different ones"),
    ],
    ids=[
        *("empty", "two columns", "no label", "no rows", "short"),
        *("uneven", "words", "label 10", "equal"),
    ],
)
def test_other_files_are_rejected_in_a_sentence_about_csv(
    tmp_path: Path, lines: list[str], problem: str
) -> None:
    path = write(tmp_path / "a.csv", lines)
    with raises_data_error(path, problem):
        load_dataset(path)


def test_binary_file_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(np.random.default_rng(0).bytes(3000))
    with raises_data_error(path, "give one row per image"):
        load_dataset(path)


def test_command_line_describes_a_csv_with_its_split(
    tmp_path: Path, rows: list[str], tendigits: CommandLine
) -> None:
    result = tendigits("data", write(tmp_path / "mine.csv", rows))
    assert (result.returncode, result.stderr) == (0, "")
    assert "note       mine has no test part: " in result.stdout
