import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from tendigits.evaluation.accuracy import holm, mcnemar

WRONG = st.sets(st.integers(0, 200))


def test_the_p_value_is_that_of_a_fair_coin() -> None:
    test = mcnemar(range(10, 20), range(18, 21))  # 8 and 1 images alone
    assert (test.first_alone, test.second_alone) == (8, 1)
    assert test.p_value == pytest.approx(2 * binom.cdf(1, 9, 0.5))


@settings(deadline=None)
@given(WRONG, WRONG)
def test_either_may_come_first(first: set[int], second: set[int]) -> None:
    one, other = mcnemar(first, second), mcnemar(second, first)
    assert one.p_value == pytest.approx(other.p_value)
    assert (one.first_alone, one.second_alone) == (other.second_alone, other.first_alone)


@given(WRONG)
def test_who_answers_alike_differs_by_chance(wrong: set[int]) -> None:
    assert mcnemar(wrong, wrong).p_value == 1


def test_holms_correction_is_the_published_one() -> None:
    # By hand: 0.01 * 4, 0.02 * 3, 0.03 * 2, 0.04 * 1, each no less than the one before.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1, 1]
    assert holm([]) == []
