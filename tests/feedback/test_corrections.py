import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from conftest import CommandLine
from tendigits import load_dataset
from tendigits.data import NON_DIGIT, Dataset, LabelledImages
from tendigits.errors import DataError, ServerError
from tendigits.feedback.corrections import (
    corrections_from_npz,
    corrections_to_npz,
    default_database,
    export_corrections,
    load_corrections,
    only_digits,
    only_non_digits,
    split_corrections,
)
from tendigits.feedback.store import CorrectionStore, NewCorrection


def some(count: int) -> LabelledImages:
    """Return images of one grey level each: 0, 1, 2 and so on, with labels from 0 to 10 in turn."""
    images = np.arange(count, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8)
    return LabelledImages(images, np.arange(count) % 11)


def levels(corrections: LabelledImages) -> list[int]:
    found: list[int] = corrections.images[:, 0, 0].tolist()
    return found


@pytest.fixture
def url(tmp_path: Path, mnist: Dataset) -> str:
    """A database with 20 corrections, every seventh of them to a non-digit."""
    url = f"sqlite:///{tmp_path / 'corrections.sqlite'}"
    store = CorrectionStore(url)
    for number in range(20):
        correct = int(mnist.test.labels[number]) if number % 7 else NON_DIGIT
        store.add(NewCorrection(str(number), mnist.test.images[number], 0, correct, "reader"))
    store.close()
    return url


@pytest.mark.parametrize(
    ("count", "held_out"), [(0, range(1)), (1, range(1)), (2, range(1, 2)), (255, range(40, 65))]
)
def test_one_correction_in_five_is_held_out(count: int, held_out: range) -> None:
    trained_on, rest = split_corrections(some(count))
    assert len(rest) in held_out
    assert sorted(levels(trained_on) + levels(rest)) == list(range(count))


def test_added_corrections_do_not_move_earlier_ones_to_the_other_part() -> None:
    trained_on, held_out = split_corrections(some(40))
    more_trained_on, more_held_out = split_corrections(some(90))
    assert set(levels(trained_on)) <= set(levels(more_trained_on))
    assert set(levels(held_out)) <= set(levels(more_held_out))


def test_digits_and_non_digits_are_separated() -> None:
    corrections = some(22)
    assert levels(only_non_digits(corrections)) == [10, 21]
    assert levels(only_digits(corrections)) == [each for each in range(22) if each not in (10, 21)]


def test_an_npz_file_has_the_same_bytes_after_a_round_trip() -> None:
    content = corrections_to_npz(some(13))
    back = corrections_from_npz(content, "corrections.npz")
    assert np.array_equal(back.images, some(13).images)
    assert np.array_equal(back.labels, some(13).labels)
    assert corrections_to_npz(back) == content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 cut",
        corrections_to_npz(some(3))[:-30],
        corrections_to_npz(LabelledImages(some(3).images, np.array([1, 2]))),
        corrections_to_npz(LabelledImages(some(2).images, np.array([1, 11]))),
        corrections_to_npz(LabelledImages(some(2).images, np.array([1, 2], np.int32))),
    ],
    ids=["empty", "not a zip file", "cut off", "too few labels", "label 11", "int32 labels"],
)
def test_a_damaged_npz_file_is_rejected(content: bytes) -> None:
    with pytest.raises(DataError, match=r"corrections\.npz"):
        corrections_from_npz(content, "corrections.npz")


def test_corrections_are_loaded_with_their_correct_labels(url: str, mnist: Dataset) -> None:
    loaded = load_corrections(url)
    assert np.array_equal(loaded.images, mnist.test.images[:20])
    expected = mnist.test.labels[:20].copy()
    expected[::7] = NON_DIGIT
    assert np.array_equal(loaded.labels, expected)


def test_a_database_without_corrections_is_an_error(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.sqlite'}"
    store = CorrectionStore(url)
    assert store.all() == []
    store.close()
    with pytest.raises(DataError, match=r"There are no corrections in .*; store some first"):
        load_corrections(url)


def test_a_database_that_cannot_be_read_is_not_created(tmp_path: Path) -> None:
    path = tmp_path / "missing.sqlite"
    with pytest.raises(ServerError, match="cannot be read; check that it exists"):
        load_corrections(f"sqlite:///{path}")
    assert not path.exists()


@pytest.mark.parametrize("name", ["folder", "corrections.npz"])
def test_an_export_is_a_data_set(url: str, tmp_path: Path, mnist: Dataset, name: str) -> None:
    summary = export_corrections(load_corrections(url), tmp_path / name)
    digits = [number for number in range(20) if number % 7]
    kept = LabelledImages(mnist.test.images[digits], mnist.test.labels[digits])
    train, test = split_corrections(kept)
    assert summary == (
        f"{len(train)} corrections for training, {len(test)} for testing, 3 non-digits: "
        f"{tmp_path / name}"
    )
    dataset = load_dataset(tmp_path / name)
    for part, expected in ((dataset.train, train), (dataset.test, test)):
        assert np.array_equal(part.images, expected.images)
        assert np.array_equal(part.labels, expected.labels)
    assert np.array_equal(dataset.non_digits, mnist.test.images[[0, 7, 14]])


def test_an_export_needs_two_corrections_to_a_digit(mnist: Dataset, tmp_path: Path) -> None:
    one = LabelledImages(mnist.test.images[:2], np.array([1, NON_DIGIT]))
    with pytest.raises(DataError, match="to a digit: 1; a data set needs two"):
        export_corrections(one, tmp_path / "x.npz")
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_exports_a_data_set_to_train_on(
    url: str, tmp_path: Path, tendigits: CommandLine
) -> None:
    result = tendigits("corrections", "export", tmp_path / "x.npz", "--database", url)
    assert (result.returncode, result.stderr) == (0, "")
    assert "3 non-digits" in result.stdout
    words = ("--epochs", "1", "--set", "validation_fraction=0", "--out", tmp_path / "run")
    result = tendigits("train", "mlp", "--data", tmp_path / "x.npz", "--threads", "1", *words)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("database", "part"),
    [
        ("sqlite:///missing.sqlite", "cannot be read"),
        ("postgresql+psycopg://me:secret@127.0.0.1:1/x", "cannot be read"),
        ("nonsense", "sqlite:///FILE"),
    ],
)
def test_the_command_line_rejects_an_unusable_database_in_one_line(
    tendigits: CommandLine, tmp_path: Path, database: str, part: str
) -> None:
    for words in (
        ("corrections", "export", "x.npz", "--database", database),
        ("train", "--from", "mlp", "--add-corrections", database),
    ):
        result = tendigits(*words, cwd=tmp_path)
        assert (result.returncode, len(result.stderr.splitlines())) == (2, 1), result.stderr
        assert part in result.stderr
        assert "secret" not in result.stderr
        assert list(tmp_path.iterdir()) == []


def test_the_default_database_is_in_the_environment_or_the_user_s_data_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TENDIGITS_DATABASE", "postgresql+psycopg://me@host/x")
    assert default_database() == "postgresql+psycopg://me@host/x"
    monkeypatch.delenv("TENDIGITS_DATABASE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_database() == f"sqlite:///{tmp_path}/tendigits/corrections.sqlite"


def test_importing_corrections_needs_neither_sqlalchemy_nor_the_server() -> None:
    script = (
        "import sys, tendigits.feedback.corrections;"
        "loaded = {'sqlalchemy', 'pydantic_settings', 'fastapi', 'torch'} & set(sys.modules);"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
