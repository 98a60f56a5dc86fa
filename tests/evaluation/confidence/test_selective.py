import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tendigits.evaluation.confidence.selective import SHARES, selective_accuracy


def test_the_surest_are_answered_first() -> None:
    confidences = np.linspace(0, 1, 1000)
    right = confidences > 0.25
    answered = {each.share: each for each in selective_accuracy(confidences, right)}
    assert answered[1.0].accuracy == pytest.approx(0.75)
    assert answered[0.5].accuracy == 1
    assert answered[0.5].threshold == pytest.approx(0.5, abs=0.01)


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(0, 2**31))
def test_all_answers_have_the_plain_accuracy(examples: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    right = random.random(examples) < 0.8
    answered = selective_accuracy(random.random(examples), right)
    assert tuple(each.share for each in answered) == SHARES
    assert answered[0].accuracy == pytest.approx(right.mean())
