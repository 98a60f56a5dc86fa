import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tendigits.errors import RunError
from tendigits.training.record import read_record


@dataclass(frozen=True)
class Example:
    count: int
    names: tuple[str, ...]


WHOLE = Example(3, ("a", "b"))
FAULTS = {
    "a field too few": {"count": 3},
    "a field too many": {"count": 3, "names": [], "more": 1},
    "a number in words": {"count": "3", "names": []},
    "a number with a fraction": {"count": 3.5, "names": []},
    "a name that is a number": {"count": 3, "names": [1]},
    "a list": [3, ["a", "b"]],
}


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    (tmp_path / "example.json").write_text(json.dumps(asdict(WHOLE)), encoding="utf-8")
    assert read_record(tmp_path / "example.json", Example) == WHOLE


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_record_of_another_form_is_rejected_in_one_line(tmp_path: Path, fault: object) -> None:
    path = tmp_path / "example.json"
    path.write_text(json.dumps(fault), encoding="utf-8")
    with pytest.raises(RunError, match=r"example\.json is damaged") as rejection:
        read_record(path, Example)
    assert "\n" not in str(rejection.value)


def test_a_record_that_is_not_there_is_missed_by_name(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"example\.json cannot be read"):
        read_record(tmp_path / "example.json", Example)
