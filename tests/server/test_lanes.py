import asyncio
from collections.abc import Iterator

import pytest

from tendigits.server import lanes
from tendigits.server.lanes import Batch, Lanes, Queued
from tendigits.server.tasks import Picture

DOCUMENT = b"%PDF-1.7"


LOOP = asyncio.new_event_loop()


@pytest.fixture(scope="module", autouse=True)
def _close_loop() -> Iterator[None]:
    yield
    LOOP.close()


def queued(name: str, client: str = "a", content: bytes = b"x") -> Queued:
    return Queued(Picture(name, content), client, LOOP.create_future())


def names(batch: Batch) -> list[str]:
    return [each.task.name for each in batch.tasks if isinstance(each.task, Picture)]


@pytest.fixture
def two_workers() -> Lanes:
    return Lanes(workers=2)


def test_each_worker_gets_its_part_of_the_fast_lane(two_workers: Lanes) -> None:
    for name in "abcd":
        two_workers.put(queued(name))
    assert [names(two_workers.take()) for _ in range(3)] == [["a", "b"], ["c"], ["d"]]


def test_slow_tasks_get_half_of_the_workers(two_workers: Lanes) -> None:
    for name in "abc":
        two_workers.put(queued(name, content=DOCUMENT))
    first = two_workers.take()
    assert (names(first), first.is_slow) == (["a"], True)
    two_workers.put(queued("drawing"))
    assert names(two_workers.take()) == ["drawing"]
    assert len(two_workers) == 2
    two_workers.finish(first)
    assert names(two_workers.take()) == ["b"]


def test_what_a_slow_client_sends_is_in_the_slow_lane_for_a_minute(
    two_workers: Lanes, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_workers.mark_as_slow("slow")
    for _ in range(2):
        two_workers.put(queued("late", client="slow"))
    two_workers.put(queued("drawing", client="other"))
    assert two_workers.take().is_slow
    assert names(two_workers.take()) == ["drawing"]
    monkeypatch.setattr(lanes, "SECONDS_IN_SLOW_LANE", 0)
    two_workers.mark_as_slow("slow")
    two_workers.put(queued("soon", client="slow"))
    assert names(two_workers.take()) == ["soon"]


def test_a_single_worker_takes_from_the_lanes_in_turn() -> None:
    single = Lanes(workers=1)
    for number in range(2):
        single.put(queued(f"document {number}", content=DOCUMENT))
    taken = []
    for number in range(3):
        single.put(queued(f"drawing {number}"))
        single.put(queued(f"drawing {number}, too"))
        taken.append(single.take())
        single.finish(taken[-1])
    assert [each.is_slow for each in taken] == [True, False, True]
    assert len(names(taken[1])) == 4


def test_tasks_whose_clients_have_gone_are_left_out(two_workers: Lanes) -> None:
    for content in (b"x", DOCUMENT):
        gone = queued("gone", content=content)
        gone.outcome.cancel()
        two_workers.put(gone)
    assert [names(two_workers.take()) for _ in range(2)] == [[], []]
    assert len(two_workers) == 0
