import json
import math
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tendigits.training.log import RunLog


def test_each_event_is_a_line_with_its_time_and_values(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "log.jsonl")
    log.write("epoch", epoch=1, loss=0.25)
    log.write("test", note="zwölf\n")
    first, second = read(tmp_path / "log.jsonl")
    assert datetime.fromisoformat(first["time"]) <= datetime.fromisoformat(second["time"])
    assert (first["event"], first["epoch"], first["loss"]) == ("epoch", 1, 0.25)
    assert (second["event"], second["note"]) == ("test", "zwölf\n")


def test_a_loss_that_is_no_number_is_written_as_json_has_it(tmp_path: Path) -> None:
    RunLog(tmp_path / "log.jsonl").write("epoch", loss=math.nan, val_loss=math.inf)
    (line,) = read(tmp_path / "log.jsonl")
    assert (line["loss"], line["val_loss"]) == (None, None)


@pytest.mark.parametrize("left", ['{"time": "2026-', '{"event": "epoch"}', '{"note": "é'])
def test_the_start_of_a_line_that_a_kill_left_is_cut(tmp_path: Path, left: str) -> None:
    path = tmp_path / "log.jsonl"
    RunLog(path).write("epoch", epoch=1)
    with path.open("a", encoding="utf-8") as file:
        file.write(left)
    RunLog(path).write("epoch", epoch=2)
    assert [line["epoch"] for line in read(path)] == [1, 2]


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
