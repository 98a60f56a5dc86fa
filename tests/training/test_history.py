import json
import math
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tendigits.errors import RunError
from tendigits.training import EpochResult, read_history
from tendigits.training.history import RunLog, has_stalled, mean_history, write_history

FRACTION = st.floats(0, 1)
POSITIVE = st.floats(0, 1e9)
RESULTS = st.builds(
    EpochResult,
    st.integers(1, 9999),
    POSITIVE,
    POSITIVE,
    FRACTION,
    POSITIVE,
    FRACTION,
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
    "not text": b"\xff\n",
    "a field without an end": b"9" * 2**18,
}


@settings(deadline=None, max_examples=50)
@given(st.lists(RESULTS, max_size=4))
def test_history_that_is_read_is_the_one_that_was_written(
    tmp_path_factory: pytest.TempPathFactory, history: list[EpochResult]
) -> None:
    path = tmp_path_factory.getbasetemp() / "history.csv"
    write_history(path, history)
    assert read_history(path) == history


def test_history_file_has_named_columns(tmp_path: Path) -> None:
    write_history(tmp_path / "history.csv", [FIRST])
    names, values = (tmp_path / "history.csv").read_text(encoding="utf-8").splitlines()
    assert names == (
        "epoch,seconds,milliseconds_per_step,accuracy,loss,val_accuracy,val_loss,"
        "images_per_second,data_milliseconds_per_step"
    )
    assert values == "1,1.26,2.34,0.91234,0.31,0.95678,0.15999,42857.1,0.02"


def test_missing_file_is_an_empty_history(tmp_path: Path) -> None:
    assert read_history(tmp_path / "history.csv") == []


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_history_is_rejected(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "history.csv"
    write_history(path, [FIRST])
    path.write_bytes(path.read_bytes() + damage)
    with pytest.raises(RunError, match=r"history\.csv is damaged"):
        read_history(path)


def test_result_is_printed_as_by_keras() -> None:
    assert FIRST.line(7) == (
        "Epoch 1/7 - 1.3s - 2.3ms/step - accuracy: 0.9123 - loss: 0.3100"
        " - val_accuracy: 0.9568 - val_loss: 0.1600"
    )


@pytest.mark.parametrize(
    ("losses", "stalled"),
    [
        ([], False),
        ([3.0, 2.0], False),
        ([3.0, 2.0, 2.5], False),
        ([3.0, 2.0, 2.5, 2.1], True),
        ([3.0, 2.0, 2.5, 1.9], False),
        ([3.0, 2.0, 2.0, 2.0], True),
    ],
)
def test_training_has_stalled_after_patience_epochs_without_a_lower_loss(
    losses: list[float], stalled: bool
) -> None:
    history = [replace(FIRST, epoch=epoch, val_loss=loss) for epoch, loss in enumerate(losses, 1)]
    assert has_stalled(history, patience=2) == stalled
    assert not has_stalled(history, patience=None)


def test_mean_history_is_the_mean_of_results_and_the_sum_of_seconds() -> None:
    other = replace(FIRST, seconds=2.0, accuracy=0.5, val_accuracy=None, val_loss=None)
    (mean,) = mean_history([[FIRST], [other]])
    assert (mean.epoch, mean.seconds) == (1, FIRST.seconds + 2.0)
    assert mean.accuracy == pytest.approx((FIRST.accuracy + 0.5) / 2)
    assert (mean.val_accuracy, mean.val_loss) == (None, None)


def test_log_has_a_line_per_event_with_its_time_and_values(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "log.jsonl")
    log.write("epoch", epoch=1, loss=0.25)
    log.write("test", note="zwölf\n")
    first, second = read_log(tmp_path / "log.jsonl")
    assert datetime.fromisoformat(first["time"]) <= datetime.fromisoformat(second["time"])
    assert (first["event"], first["epoch"], first["loss"]) == ("epoch", 1, 0.25)
    assert (second["event"], second["note"]) == ("test", "zwölf\n")


def test_nan_and_infinity_are_null_in_the_log(tmp_path: Path) -> None:
    RunLog(tmp_path / "log.jsonl").write("epoch", loss=math.nan, val_loss=math.inf)
    (line,) = read_log(tmp_path / "log.jsonl")
    assert (line["loss"], line["val_loss"]) == (None, None)


@pytest.mark.parametrize("left", ['{"time": "2026-', '{"event": "epoch"}', '{"note": "é'])
def test_unfinished_line_in_the_log_is_removed(tmp_path: Path, left: str) -> None:
    path = tmp_path / "log.jsonl"
    RunLog(path).write("epoch", epoch=1)
    with path.open("a", encoding="utf-8") as file:
        file.write(left)
    RunLog(path).write("epoch", epoch=2)
    assert [line["epoch"] for line in read_log(path)] == [1, 2]


def read_log(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
