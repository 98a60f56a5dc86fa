import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special

from tendigits.classifiers import Predictions
from tendigits.classifiers.predictions import log_softmax
from tendigits.data import NON_DIGIT


def logits_of(probabilities: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return logits whose softmax is `probabilities` (n, k), not normalised."""
    return (np.log(probabilities) + 3).astype(np.float32)


TEN = np.full((2, 10), 0.05)
TEN[0, 3], TEN[1, 8] = 0.55, 0.55
# The non-digit's probability is 0.3 in the first row and 0.6 in the second.
ELEVEN = np.column_stack([TEN * [[0.7], [0.4]], [0.3, 0.6]])


@pytest.mark.parametrize("spread", [0.0, 1.0, 20.0, 1e4])
def test_log_softmax_is_that_of_scipy_and_never_overflows(spread: float) -> None:
    logits = np.random.default_rng(0).normal(0, spread, (1000, 11)).astype(np.float32)
    log_probabilities = log_softmax(logits)
    assert log_probabilities.dtype == np.float32
    np.testing.assert_allclose(
        log_probabilities, special.log_softmax(logits, axis=1), rtol=1e-6, atol=1e-6
    )


def test_log_softmax_takes_probabilities_of_0() -> None:
    log_probabilities = log_softmax(np.array([[0, -np.inf, 0]], np.float32))
    assert log_probabilities[0].tolist() == pytest.approx([np.log(0.5), -np.inf, np.log(0.5)])


def test_probabilities_of_ten_outputs_sum_to_1() -> None:
    predictions = Predictions(logits_of(TEN))
    np.testing.assert_allclose(predictions.probabilities, TEN, rtol=1e-5)
    np.testing.assert_allclose(predictions.log_probabilities, np.log(TEN), rtol=1e-5)
    assert predictions.probabilities.dtype == np.float32


def test_probabilities_of_digits_lack_that_of_the_non_digit() -> None:
    predictions = Predictions(logits_of(ELEVEN))
    assert predictions.log_probabilities.shape == (2, 11)
    assert predictions.probabilities.shape == (2, 10)
    np.testing.assert_allclose(predictions.probabilities.sum(axis=1), [0.7, 0.4], rtol=1e-5)


def test_predicted_output_may_be_the_non_digit_and_predicted_never_is() -> None:
    predictions = Predictions(logits_of(ELEVEN))
    assert predictions.predicted.tolist() == [3, 8]
    assert predictions.predicted_output.tolist() == [3, NON_DIGIT]
    np.testing.assert_allclose(predictions.confidence, [0.55 * 0.7, 0.55 * 0.4], rtol=1e-5)


def test_correct_compares_with_the_labels() -> None:
    predictions = Predictions(logits_of(ELEVEN), np.array([3, 0]))
    assert predictions.correct.tolist() == [True, False]


def test_correct_needs_labels() -> None:
    with pytest.raises(ValueError, match="have no labels; pass labels to `predict`"):
        _ = Predictions(logits_of(TEN)).correct


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_temperature_raises_probabilities_to_a_power(temperature: float) -> None:
    powers = TEN ** (1 / temperature)
    expected = powers / powers.sum(axis=1, keepdims=True)
    predictions = Predictions(logits_of(TEN)).at_temperature(temperature)
    np.testing.assert_allclose(predictions.probabilities, expected, rtol=1e-4)


def test_large_logits_do_not_overflow() -> None:
    logits = np.array([[1e30] + [-1e30] * 9, [3e4] * 10], np.float32)
    probabilities = Predictions(logits).probabilities
    assert probabilities[0].tolist() == [1] + [0] * 9
    np.testing.assert_allclose(probabilities[1], 0.1)


def test_subset_is_chosen_by_mask_or_indices() -> None:
    predictions = Predictions(logits_of(ELEVEN), np.array([3, 8]), temperature=2.0)
    for chosen in (np.array([False, True]), np.array([1])):
        subset = predictions.subset(chosen)
        assert (len(subset), subset.temperature) == (1, 2.0)
        assert subset.labels is not None
        assert subset.labels.tolist() == [8]
        np.testing.assert_allclose(subset.probabilities, predictions.probabilities[1:])
    assert Predictions(logits_of(TEN)).subset(np.array([0])).labels is None
