from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tendigits.errors import RunError
from tendigits.training import EpochResult, read_history
from tendigits.training.history import write_history

SHARE = st.floats(0, 1)
POSITIVE = st.floats(0, 1e9)
RESULTS = st.builds(
    EpochResult,
    st.integers(1, 9999),
    POSITIVE,
    POSITIVE,
    SHARE,
    POSITIVE,
    SHARE,
    POSITIVE,
    POSITIVE,
    POSITIVE,
)
FIRST = EpochResult(1, 1.26, 2.34, 0.91234, 0.31, 0.95678, 0.15999, 42857.1, 0.02)

DAMAGES = {
    "a short row": b"1,2,3\n",
    "a long row": b"1,1,1,1,1,1,1,1,1,1\n",
    "a blank row": b"\n",
    "a word": b"x,1,1,1,1,1,1,1,1\n",
    "zeros": b"\0" * 99,
    "no text": b"\xff\n",
    "a field without an end": b"9" * 2**18,
}


@settings(deadline=None, max_examples=50)
@given(st.lists(RESULTS, max_size=4))
def test_what_is_read_is_exactly_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, history: list[EpochResult]
) -> None:
    path = tmp_path_factory.getbasetemp() / "history.csv"
    write_history(path, history)
    assert read_history(path) == history


def test_the_columns_are_named(tmp_path: Path) -> None:
    write_history(tmp_path / "history.csv", [FIRST])
    names, values = (tmp_path / "history.csv").read_text(encoding="utf-8").splitlines()
    assert names == (
        "epoch,seconds,milliseconds_per_step,accuracy,loss,val_accuracy,val_loss,"
        "images_per_second,data_milliseconds_per_step"
    )
    assert values == "1,1.26,2.34,0.91234,0.31,0.95678,0.15999,42857.1,0.02"


def test_no_file_is_an_empty_history(tmp_path: Path) -> None:
    assert read_history(tmp_path / "history.csv") == []


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_history_is_rejected(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "history.csv"
    write_history(path, [FIRST])
    path.write_bytes(path.read_bytes() + damage)
    with pytest.raises(RunError, match=r"history\.csv is damaged"):
        read_history(path)


def test_a_result_is_told_as_keras_tells_it() -> None:
    assert FIRST.line(7) == (
        "Epoch 1/7 - 1.3s - 2.3ms/step - accuracy: 0.9123 - loss: 0.3100"
        " - val_accuracy: 0.9568 - val_loss: 0.1600"
    )
