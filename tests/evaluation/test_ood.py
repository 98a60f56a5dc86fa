import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from tendigits.classifiers import Predictions
from tendigits.evaluation.ood import (
    auroc,
    average_precision,
    false_positive_rate,
    measure_ood,
)

Scores = NDArray[np.float64]
# Few different scores, so that ties are common.
SCORES = arrays.arrays(
    np.float64, st.integers(1, 60), elements=st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.9])
)


def with_confidence(*confidences: float) -> Predictions:
    """Return predictions, of eleven outputs, with the given confidences."""
    probabilities = np.full((len(confidences), 11), 1e-30)
    probabilities[:, 0] = confidences
    probabilities[:, 10] = 1 - np.array(confidences)
    return Predictions(np.log(probabilities).astype(np.float32))


@settings(deadline=None)
@given(SCORES, SCORES)
def test_areas_equal_those_of_scikit_learn(positives: Scores, negatives: Scores) -> None:
    labels = np.repeat([1, 0], [len(positives), len(negatives)])
    scores = np.concatenate([positives, negatives])
    assert auroc(positives, negatives) == pytest.approx(roc_auc_score(labels, scores))
    theirs = average_precision_score(labels, scores)
    assert average_precision(positives, negatives) == pytest.approx(theirs)


@settings(deadline=None)
@given(SCORES, SCORES)
def test_false_positive_rate_is_that_of_scikit_learns_curve(
    positives: Scores, negatives: Scores
) -> None:
    labels = np.repeat([1, 0], [len(positives), len(negatives)])
    scores = np.concatenate([positives, negatives])
    false_positives, recall, _ = roc_curve(labels, scores, drop_intermediate=False)
    at_95 = false_positives[recall >= 0.95 - 1e-12].min()
    assert false_positive_rate(positives, negatives) == pytest.approx(at_95)


def test_perfect_classifier_scores_1_and_random_scores_half() -> None:
    random = np.random.default_rng(0)
    high, low = random.random(500) + 1, random.random(500)
    assert (auroc(high, low), average_precision(high, low), false_positive_rate(high, low)) == (
        *(1, 1),
        0,
    )
    one, other = random.random(20_000), random.random(20_000)
    assert auroc(one, other) == pytest.approx(0.5, abs=0.01)
    assert average_precision(one, other) == pytest.approx(0.5, abs=0.01)
    assert false_positive_rate(one, other) == pytest.approx(0.95, abs=0.01)


def test_each_set_is_compared_with_all_digits() -> None:
    measured = measure_ood(
        with_confidence(0.99, 0.95, 0.9, 0.4),
        {"stars": with_confidence(0.1, 0.2), "letters": with_confidence(0.92, 0.3)},
        {"clothes": with_confidence(0.999)},
        threshold=0.5,
    )
    assert (measured.digits, measured.digits_rejected, measured.threshold) == (4, 0.25, 0.5)
    stars, letters = measured.sets
    (clothes,) = measured.data_sets
    assert (stars.name, stars.images, stars.auroc, stars.rejected) == ("stars", 2, 1, 1)
    assert (letters.name, letters.rejected) == ("letters", 0.5)
    assert letters.auroc == pytest.approx(6 / 8)
    assert (clothes.name, clothes.auroc, clothes.rejected) == ("clothes", 0, 0)


def test_mean_auroc_is_over_the_sets_of_the_package_only() -> None:
    digits, sets = with_confidence(0.5), {"a": with_confidence(0.1), "b": with_confidence(0.9)}
    for further in ({}, {"c": with_confidence(0.9, 0.99)}):
        assert measure_ood(digits, sets, further, 0.0).mean_auroc == 0.5


def test_threshold_of_0_rejects_nothing() -> None:
    measured = measure_ood(with_confidence(0.9), {"a": with_confidence(0.01)}, {}, 0.0)
    assert (measured.digits_rejected, measured.sets[0].rejected) == (0, 0)
