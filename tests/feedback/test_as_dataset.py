from pathlib import Path

import numpy as np
import pytest

from conftest import CommandLine
from tendigits import load_dataset
from tendigits.data import NON_DIGIT, Corrections, Dataset
from tendigits.data.idx import read_idx
from tendigits.errors import DataError
from tendigits.feedback import CorrectionStore, NewCorrection
from tendigits.feedback.as_dataset import export_corrections, load_corrections


@pytest.fixture
def url(tmp_path: Path, mnist: Dataset) -> str:
    """A database with 20 corrections, every seventh of them of no digit."""
    url = f"sqlite:///{tmp_path / 'corrections.sqlite'}"
    store = CorrectionStore(url)
    for number in range(20):
        correct = int(mnist.test.labels[number]) if number % 7 else NON_DIGIT
        store.add(NewCorrection(str(number), mnist.test.images[number], 0, correct, "reader"))
    store.close()
    return url


@pytest.mark.parametrize("name", ["folder", "corrections.npz"])
def test_what_is_exported_is_a_data_set(
    url: str, tmp_path: Path, mnist: Dataset, name: str
) -> None:
    told = export_corrections(load_corrections(url), tmp_path / name)
    assert told == f"14 corrections to learn from, 3 to test, 3 of no digit: {tmp_path / name}"
    dataset = load_dataset(tmp_path / name)
    assert (len(dataset.train), len(dataset.test)) == (14, 3)
    assert np.array_equal(dataset.train.images[0], mnist.test.images[1])
    assert dataset.train.labels[0] == mnist.test.labels[1]
    if name == "folder":
        others = read_idx(tmp_path / name / "non-digit-images-idx3-ubyte", dimensions=3)
    else:
        others = np.load(tmp_path / name)["non_digit"]
    assert np.array_equal(others, mnist.test.images[[0, 7, 14]])


def test_the_command_line_exports_and_trains(
    url: str, tmp_path: Path, tendigits: CommandLine
) -> None:
    result = tendigits("corrections", "export", tmp_path / "x.npz", "--database", url)
    assert (result.returncode, result.stderr) == (0, "")
    assert "3 of no digit" in result.stdout
    words = ("--epochs", "1", "--set", "validation_fraction=0", "--out", tmp_path / "run")
    result = tendigits("train", "mlp", "--data", tmp_path / "x.npz", "--threads", "1", *words)
    assert (result.returncode, result.stderr) == (0, "")


def test_too_few_are_rejected(mnist: Dataset, tmp_path: Path) -> None:
    one = Corrections(mnist.test.images[:2], np.array([1, NON_DIGIT]))
    with pytest.raises(DataError, match="to a digit: 1; a data set needs two"):
        export_corrections(one, tmp_path / "x.npz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("database", "named"),
    [
        ("sqlite:///nobody.sqlite", "cannot be read"),
        ("postgresql+psycopg://me:secret@127.0.0.1:1/x", "cannot be read"),
        ("nonsense", "sqlite:///FILE"),
    ],
)
def test_a_database_that_will_not_do_is_told_in_one_line(
    tendigits: CommandLine, tmp_path: Path, database: str, named: str
) -> None:
    for words in (
        ("corrections", "export", "x.npz", "--database", database),
        ("train", "--from", "mlp", "--add-corrections", database),
    ):
        result = tendigits(*words, cwd=tmp_path)
        assert (result.returncode, len(result.stderr.splitlines())) == (2, 1), result.stderr
        assert named in result.stderr
        assert "secret" not in result.stderr
        assert list(tmp_path.iterdir()) == []


def test_a_database_without_a_correction_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.sqlite'}"
    store = CorrectionStore(url)
    assert store.everything() == []
    store.close()
    with pytest.raises(DataError, match="There is no correction"):
        load_corrections(url)
