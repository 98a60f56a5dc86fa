import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_fscore_support

from tendigits.evaluation.accuracy.classes import class_figures, confused_pairs
from tendigits.evaluation.accuracy.metrics import confusion_matrix

DIGITS = tuple("0123456789")
LABELS = arrays.arrays(np.int64, st.integers(1, 60), elements=st.integers(0, 9))


@settings(deadline=None)
@given(LABELS, st.integers(0, 2**31))
def test_precision_recall_and_f1_are_scikit_learns(labels: NDArray[np.int64], seed: int) -> None:
    answers = np.random.default_rng(seed).permutation(labels)
    ours = class_figures(confusion_matrix(labels, answers, 10).tolist(), DIGITS)
    theirs = precision_recall_fscore_support(labels, answers, labels=range(10), zero_division=0)
    figures = [(each.precision, each.recall, each.f1, each.images) for each in ours]
    np.testing.assert_allclose(figures, np.transpose(theirs))


@given(LABELS, st.permutations(range(10)))
def test_other_names_for_the_classes_change_no_figure(
    labels: NDArray[np.int64], names: list[int]
) -> None:
    answers = np.roll(labels, 1)
    plain = class_figures(confusion_matrix(labels, answers, 10).tolist(), DIGITS)
    permuted = confusion_matrix(np.array(names)[labels], np.array(names)[answers], 10)
    renamed = class_figures(permuted.tolist(), DIGITS)
    for digit, name in enumerate(names):
        assert renamed[name].f1 == pytest.approx(plain[digit].f1)


def test_the_most_confused_pair_comes_first_with_both_ways() -> None:
    confusion = np.diag([9, 9, 9, 9])
    confusion[1, 3], confusion[3, 1], confusion[0, 2] = 2, 3, 4
    first, second = confused_pairs(confusion.tolist())
    assert (first.classes, first.errors) == ((1, 3), (2, 3))
    assert (second.classes, second.errors) == ((0, 2), (4, 0))


def test_who_makes_no_error_confuses_nothing() -> None:
    assert confused_pairs(np.diag([5] * 10).tolist()) == ()
