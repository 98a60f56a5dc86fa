import numpy as np
import pytest

from tendigits.classifiers import Classifier, load_model_file
from tendigits.data import NON_DIGIT, Dataset
from tendigits.reading.occlusion import occlude


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_model_file("reader", threads=1)


def test_probability_falls_where_strokes_are_hidden_and_not_where_paper_is(
    classifier: Classifier, mnist: Dataset
) -> None:
    seven = mnist.test.images[0]
    found = occlude(classifier, seven)
    assert (found.label, found.hidden.shape) == (7, (14, 14))
    assert found.confidence > 0.9
    # A patch covers its square of 2x2 pixels and two more on each side.
    ink = np.pad(seven, 2)
    inked = np.array(
        [[ink[y : y + 6, x : x + 6].any() for x in range(0, 28, 2)] for y in range(0, 28, 2)]
    )
    np.testing.assert_allclose(found.hidden[~inked], found.confidence, atol=1e-5)
    assert found.hidden[inked].min() < 0.7


def test_each_value_is_the_probability_without_the_patch(
    classifier: Classifier, mnist: Dataset
) -> None:
    seven = mnist.test.images[0]
    without = seven.copy()
    without[8:14, 12:18] = 0
    expected = classifier.predict(without).probabilities[0, 7]
    assert occlude(classifier, seven).hidden[5, 7] == pytest.approx(expected, abs=1e-5)


def test_map_of_a_non_digit_shows_the_probability_of_the_non_digit(classifier: Classifier) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    found = occlude(classifier, noise)
    assert found.label == NON_DIGIT
    assert found.confidence > 0.5
    assert ((found.hidden >= 0) & (found.hidden <= 1)).all()
