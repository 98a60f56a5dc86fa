import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from tendigits.evaluation import Metrics, measure, wilson_interval
from tendigits.evaluation.accuracy.metrics import confusion_matrix

Answers = tuple[NDArray[np.float32], NDArray[np.int64]]

# By hand: n = 9802, N = 10,000, z = 1.96 gives a centre of 0.980016 and a half of 0.002736. The
# others: R. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
# Medicine 17, 1998, table I, method 3.
PUBLISHED = [
    (9802, 10_000, 0.9773, 0.9828),
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("right", "examples", "low", "high"), PUBLISHED)
def test_the_interval_is_the_published_one(
    right: int, examples: int, low: float, high: float
) -> None:
    assert wilson_interval(right, examples) == pytest.approx((low, high), abs=5e-5)


@settings(deadline=None)
@given(st.integers(1, 100_000), st.data())
def test_the_interval_lies_around_the_share_within_0_and_1(
    examples: int, data: st.DataObject
) -> None:
    right = data.draw(st.integers(0, examples))
    low, high = wilson_interval(right, examples)
    assert 0 <= low <= high <= 1
    assert low - 1e-12 <= right / examples <= high + 1e-12


@settings(deadline=None)
@given(st.integers(1, 100_000), st.data())
def test_the_interval_of_the_wrong_answers_mirrors_that_of_the_right_ones(
    examples: int, data: st.DataObject
) -> None:
    right = data.draw(st.integers(0, examples))
    low, high = wilson_interval(right, examples)
    assert wilson_interval(examples - right, examples) == pytest.approx((1 - high, 1 - low))


def test_rows_are_true_classes_and_columns_are_answers() -> None:
    labels, answers = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 0, 0, 2])
    assert confusion_matrix(labels, answers, 3).tolist() == [[1, 1, 0], [0, 1, 0], [2, 0, 1]]


def test_every_figure_of_a_small_example_is_right() -> None:
    shares = [[0.7, 0.2, 0.1], [0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.6, 0.1, 0.3]]
    logarithms = np.log(np.array(shares, dtype=np.float32))
    metrics = measure(logarithms, np.array([0, 1, 1, 2]))
    assert metrics.loss == pytest.approx(-sum(map(math.log, (0.7, 0.3, 0.8, 0.3))) / 4)
    assert metrics == Metrics(
        examples=4,
        loss=metrics.loss,
        accuracy=0.5,
        interval_95=wilson_interval(2, 4),
        errors_per_class=(0, 1, 1),
        confusion=((1, 0, 0), (1, 1, 0), (1, 0, 0)),
    )


@st.composite
def answers(draw: st.DrawFn) -> Answers:
    """Log probabilities and labels of a few images in ten classes."""
    examples = draw(st.integers(1, 30))
    floats = st.floats(-20, 0, width=32)
    logits = draw(arrays.arrays(np.float32, (examples, 10), elements=floats)).astype(np.float64)
    logarithms = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    labels = draw(arrays.arrays(np.int64, examples, elements=st.integers(0, 9)))
    return logarithms.astype(np.float32), labels


@settings(deadline=None)
@given(answers())
def test_counts_and_shares_add_up(given_answers: Answers) -> None:
    logarithms, labels = given_answers
    metrics, chosen = measure(*given_answers), logarithms.argmax(axis=1)
    confusion = np.array(metrics.confusion)
    assert metrics.examples == confusion.sum() == len(labels)
    assert confusion.sum(axis=1).tolist() == np.bincount(labels, minlength=10).tolist()
    assert confusion.sum(axis=0).tolist() == np.bincount(chosen, minlength=10).tolist()
    assert metrics.accuracy == (chosen == labels).mean()
    assert sum(metrics.errors_per_class) == (chosen != labels).sum()
    assert [sum(row) - row[i] for i, row in enumerate(confusion.tolist())] == list(
        metrics.errors_per_class
    )
    assert metrics.loss >= -1e-6


@settings(deadline=None)
@given(answers(), st.data())
def test_the_order_of_the_examples_changes_nothing(
    given_answers: Answers, data: st.DataObject
) -> None:
    logarithms, labels = given_answers
    order = data.draw(st.permutations(range(len(labels))))
    first, shuffled = measure(logarithms, labels), measure(logarithms[order], labels[order])
    assert shuffled.confusion == first.confusion
    assert shuffled.loss == pytest.approx(first.loss)


@settings(deadline=None)
@given(answers())
def test_who_knows_the_labels_makes_no_error(given_answers: Answers) -> None:
    _, labels = given_answers
    certain = np.full((len(labels), 10), -np.inf, dtype=np.float32)
    certain[np.arange(len(labels)), labels] = 0
    metrics = measure(certain, labels)
    assert (metrics.accuracy, metrics.loss) == (1, 0)
    assert metrics.interval_95[1] == pytest.approx(1)
    assert metrics.errors_per_class == (0,) * 10


def test_the_figures_are_plain_numbers() -> None:
    metrics = measure(np.log(np.full((3, 10), 0.1, dtype=np.float32)), np.array([0, 1, 2]))
    assert {type(value) for row in metrics.confusion for value in row} == {int}
    assert {type(value) for value in (*metrics.interval_95, metrics.loss, metrics.accuracy)} == {
        float
    }
