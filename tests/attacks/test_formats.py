"""The largest and the most laborious files of every format stay within 600 MiB and 2 seconds.

Each is made at the default limits and read in a process whose peak of memory and seconds of
computing are measured. docs/security.md has the figures of a quiet core; here a busy machine may
take twice as long.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "fuzz"))
from guarded import Guarded, Outcome

from worst_pictures import LARGEST, PARTS

MEBIBYTES, SECONDS = 600, 4.0
SECONDS_OF_PARTS = 1.5
WALL_SECONDS = 120.0


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    process = Guarded("read", tmp_path_factory.mktemp("failures"))
    yield process
    process.stop()


@pytest.fixture
def outcome(
    process: Guarded, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Outcome:
    name, make = request.param
    outcome = process.handle(make(), WALL_SECONDS)
    record_property("outcome", outcome)
    print(f"{name}: {outcome.seconds:.2f} s, {outcome.mebibytes:.0f} MiB, {outcome.rejected}")
    return outcome


@pytest.mark.parametrize("outcome", LARGEST.items(), ids=LARGEST, indirect=True)
def test_largest_picture_of_a_format_is_read_in_bounded_time_and_memory(outcome: Outcome) -> None:
    assert (outcome.error, outcome.rejected) == ("", "")
    assert outcome.mebibytes < MEBIBYTES
    assert outcome.seconds < SECONDS


@pytest.mark.parametrize("outcome", PARTS.items(), ids=PARTS, indirect=True)
def test_picture_of_millions_of_parts_is_rejected_at_once(outcome: Outcome) -> None:
    assert outcome.error == ""
    assert outcome.rejected == "the picture consists of too many parts; save it again."
    assert outcome.mebibytes < MEBIBYTES
    assert outcome.seconds < SECONDS_OF_PARTS
