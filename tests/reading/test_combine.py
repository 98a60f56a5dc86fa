import numpy as np
import pytest

from tendigits.images import Found
from tendigits.images.finder import CHARACTERS, DIGIT_CLASSES
from tendigits.reading.combine import combine


def found(character: str, score: float = 0.9, certainty: float = 0.9) -> Found:
    """Return a candidate that the finder takes for `character`."""
    classes = np.full(len(CHARACTERS), (1 - certainty) / (len(CHARACTERS) - 1), np.float32)
    classes[CHARACTERS.index(character)] = certainty
    return Found((0.0, 0.0, 10.0, 20.0), score, classes)


def predicted(digit: int, certainty: float = 0.9) -> np.ndarray:
    """Return the probabilities of a classifier; what is missing to 1 is that of a non-digit."""
    probabilities = np.full(DIGIT_CLASSES, 0.001, np.float32)
    probabilities[digit] = certainty
    return probabilities


def test_sum_is_a_probability() -> None:
    for score in (0.0, 0.3, 1.0):
        for isolation in (0.0, 1.0):
            combined = combine(found("3", score), predicted(8), isolation)
            assert (combined >= 0).all()
            assert combined.sum() <= 1 + 1e-6


def test_agreement_is_surer_than_disagreement() -> None:
    agreed = combine(found("3"), predicted(3))
    disagreed = combine(found("3"), predicted(8))
    assert agreed.argmax() == 3
    assert agreed[3] > disagreed[3]


def test_classifier_counts_for_more_where_the_character_is_alone() -> None:
    alone = combine(found("3", certainty=0.6), predicted(8, 0.99), isolation=1.0)
    crowded = combine(found("3", certainty=0.6), predicted(8, 0.99), isolation=0.5)
    assert alone[8] > crowded[8]


def test_higher_score_and_a_surer_digit_make_a_character_more_probable() -> None:
    sums = [combine(found("3", score), predicted(3)).sum() for score in (0.1, 0.5, 0.9)]
    assert sums == sorted(sums)
    non_digit = combine(found("3"), predicted(3, 0.01)).sum()
    assert non_digit < combine(found("3"), predicted(3, 0.99)).sum()


def test_mark_needs_no_classifier() -> None:
    combined = combine(found("/"), None)
    assert CHARACTERS[int(combined.argmax())] == "/"
    assert combined.sum() == pytest.approx(combine(found("7"), None).sum())
