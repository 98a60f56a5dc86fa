import numpy as np
import pytest

from tendigits.classifiers import load_model_file
from tendigits.data import NON_DIGIT, Dataset
from tendigits.reading.occlusion import occlude


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model_file("reader", threads=1)


def test_the_answer_hangs_on_strokes_and_not_on_paper(model: Model, mnist: Dataset) -> None:
    seven = mnist.test.images[0]
    found = occlude(model, seven)
    assert (found.label, found.hidden.shape) == (7, (14, 14))
    assert found.confidence > 0.9
    # A patch covers its square of 2x2 pixels and two more on each side.
    ink = np.pad(seven, 2)
    inked = np.array(
        [[ink[y : y + 6, x : x + 6].any() for x in range(0, 28, 2)] for y in range(0, 28, 2)]
    )
    np.testing.assert_allclose(found.hidden[~inked], found.confidence, atol=1e-5)
    assert found.hidden[inked].min() < 0.7


def test_a_place_is_what_the_network_says_without_it(model: Model, mnist: Dataset) -> None:
    seven = mnist.test.images[0]
    without = seven.copy()
    without[8:14, 12:18] = 0
    expected = model.probabilities(to_inputs(without[np.newaxis]))[0, 7]
    assert occlude(model, seven).hidden[5, 7] == pytest.approx(expected, abs=1e-5)


def test_what_is_no_digit_is_asked_why_it_is_none(model: Model) -> None:
    doodle = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    found = occlude(model, doodle)
    assert found.label == NON_DIGIT
    assert found.confidence > 0.5
