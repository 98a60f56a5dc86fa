import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tendigits.evaluation.accuracy import spread

SHARES = st.lists(st.floats(0, 1), min_size=2, max_size=12)


@settings(deadline=None)
@given(SHARES)
def test_mean_and_deviation_are_the_textbooks(values: list[float]) -> None:
    found = spread(values)
    assert found.runs == len(values)
    assert found.mean == pytest.approx(statistics.mean(values))
    assert found.deviation == pytest.approx(statistics.stdev(values), abs=1e-9)
    assert (found.lowest, found.highest) == (min(values), max(values))


@settings(deadline=None)
@given(SHARES)
def test_the_interval_lies_within_the_range_and_is_the_same_again(values: list[float]) -> None:
    found = spread(values)
    low, high = found.interval_95
    assert found.lowest - 1e-12 <= low <= high <= found.highest + 1e-12
    assert spread(values) == found


def test_the_interval_is_about_two_standard_errors_to_either_side() -> None:
    values = [0.01 * number for number in range(100)]
    found = spread(values)
    error = found.deviation / 10
    assert found.interval_95 == pytest.approx(
        (found.mean - 1.96 * error, found.mean + 1.96 * error), abs=0.2 * error
    )
