"""Own data on the command line: read, correct, train, evaluate."""

import json
from pathlib import Path

import pytest
from PIL import Image

from conftest import CommandLine
from paper import on_paper, row
from tendigits.data import Dataset, load_dataset


@pytest.fixture
def pictures(mnist: Dataset, tmp_path: Path) -> Path:
    """A folder with twelve pictures of three digits each."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(12):
        digits = mnist.test.images[100 + 3 * number : 103 + 3 * number]
        Image.fromarray(on_paper(row(digits))).save(folder / f"{number}.jpg", quality=95)
    return folder


def test_read_correct_and_train_are_three_commands(
    pictures: Path, tmp_path: Path, tendigits: CommandLine
) -> None:
    crops = tmp_path / "crops"
    assert tendigits("read", pictures, "--crops", crops).returncode == 0
    labels = crops / "labels.jsonl"
    entries = [json.loads(line) for line in labels.read_text(encoding="utf-8").splitlines()]
    assert len(entries) >= 36
    for entry in entries:
        entry["digit"] = 7 if entry["digit"] == 1 else entry["digit"] or 0
    text = "".join(json.dumps(entry) + "\n" for entry in entries)
    labels.write_text(text, encoding="utf-8")

    options = ("--epochs", "1", "--threads", "1", "--out", tmp_path / "run")
    trained = tendigits("train", "--from", "mlp", "--data", crops, *options)
    assert (trained.returncode, trained.stderr) == (0, "")
    held_out = len(load_dataset(crops).test)
    assert f"crops has no test part: {held_out} of its {len(entries)} images" in trained.stdout
    (line,) = [line for line in trained.stdout.splitlines() if "held out: " in line]
    assert f" of {held_out} correct before" in line

    evaluated = tendigits("evaluate", tmp_path / "run" / "model.onnx", "--data", crops)
    assert (evaluated.returncode, evaluated.stderr) == (0, "")
    assert f"Measured on the {held_out} images of crops that are held out" in evaluated.stdout
    before = tendigits("evaluate", "mlp", "--data", crops)
    assert f"Measured on all {len(entries)} images of crops." in before.stdout


def test_pictures_with_labels_are_measured_through_the_whole_reading_path(
    pictures: Path, mnist: Dataset, tendigits: CommandLine
) -> None:
    rows = [
        f"{number}.jpg,{''.join(map(str, mnist.test.labels[100 + 3 * number : 103 + 3 * number]))}"
        for number in range(12)
    ]
    (pictures / "pictures.csv").write_text("\n".join(["file,label", *rows]), encoding="utf-8")
    result = tendigits("evaluate", "reader", "--data", pictures, "--as-pictures")
    assert (result.returncode, result.stderr) == (0, "")
    first, *_ = result.stdout.splitlines()
    assert first.startswith("Pictures read correctly: ")
    assert first.endswith("% of 12")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["evaluate", "mlp", "--as-pictures"], "needs --data MINE"),
        (["evaluate", "mlp", "--data", "nope"], "nope is not a folder"),
        (["evaluate", "mlp", "--data", "nope", "--as-pictures"], "nope is not a folder"),
        (["evaluate", "mlp", "--data", "mnist", "--full", "-o", "report"], "takes none of"),
        (["train", "--from", "mlp", "--data", "nope"], "nope is not a folder"),
        (["train", "--from", "mlp", "--data", "empty.csv"], "has 1 column"),
        (["train", "--data", "empty.csv"], "has 1 column"),
        (["data", "empty.csv"], "has 1 column"),
    ],
)
def test_wrong_data_is_an_error_of_one_line_and_nothing_is_written(
    tendigits: CommandLine, tmp_path: Path, words: list[str], named: str
) -> None:
    (tmp_path / "empty.csv").touch()
    result = tendigits(*words, cwd=tmp_path)
    assert (result.returncode, len(result.stderr.splitlines())) == (2, 1), result.stderr
    assert named in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["empty.csv"]
