import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from tendigits.evaluation.no_digit import detection

Scores = NDArray[np.float64]
# Few different scores, so that ties are common.
SCORES = arrays.arrays(
    np.float64, st.integers(1, 60), elements=st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.9])
)


@settings(deadline=None)
@given(SCORES, SCORES)
def test_the_areas_are_scikit_learns(digits: Scores, others: Scores) -> None:
    truth = np.repeat([1, 0], [len(digits), len(others)])
    scores = np.concatenate([digits, others])
    found = detection(digits, others)
    assert found.auroc == pytest.approx(roc_auc_score(truth, scores))
    assert found.aupr_digits == pytest.approx(average_precision_score(truth, scores))
    assert found.aupr_others == pytest.approx(average_precision_score(1 - truth, -scores))


@settings(deadline=None)
@given(SCORES, SCORES)
def test_what_passes_is_read_off_scikit_learns_curve(digits: Scores, others: Scores) -> None:
    truth = np.repeat([1, 0], [len(digits), len(others)])
    passed, found, _ = roc_curve(truth, np.concatenate([digits, others]), drop_intermediate=False)
    at_95 = passed[found >= 0.95 - 1e-12].min()
    assert detection(digits, others).fpr_95 == pytest.approx(at_95)


@settings(deadline=None)
@given(SCORES, SCORES, st.integers(2, 4))
def test_the_same_scores_several_times_change_nothing(
    digits: Scores, others: Scores, times: int
) -> None:
    once, often = (
        detection(digits, others),
        detection(np.tile(digits, times), np.tile(others, times)),
    )
    assert often.auroc == pytest.approx(once.auroc)
    assert often.aupr_digits == pytest.approx(once.aupr_digits)


def test_who_tells_all_has_the_best_figures_and_who_guesses_a_half() -> None:
    random = np.random.default_rng(0)
    perfect = detection(random.random(500) + 1, random.random(500))
    assert (perfect.auroc, perfect.aupr_digits, perfect.fpr_95) == (1, 1, 0)
    guess = detection(random.random(20_000), random.random(20_000))
    assert guess.auroc == pytest.approx(0.5, abs=0.01)
    assert guess.aupr_digits == pytest.approx(0.5, abs=0.01)
    assert guess.fpr_95 == pytest.approx(0.95, abs=0.01)
