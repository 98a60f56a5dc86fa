import numpy as np
import pytest
from numpy.typing import NDArray

from tendigits import ModelError
from tendigits.export.integer import (
    CONFIDENCE_UNIT,
    Convolution,
    Depthwise,
    Factor,
    IntegerNetwork,
    MaxPool,
    reject_overflow,
)


def draw(shape: tuple[int, ...], low: int, high: int, seed: int = 0) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(low, high, shape)


def test_factors_round_products_to_the_nearest_integer() -> None:
    values = np.array([1e-6, 0.0031, 0.5, 0.75, 1.0, 3.7])
    sums = draw((1000, len(values)), 0, 60_000)
    np.testing.assert_allclose(Factor.nearest(values).times(sums), sums * values, rtol=2e-5, atol=1)


def test_factor_of_a_negative_sum_or_of_zero_is_zero() -> None:
    factor = Factor.nearest(np.array([0.0, 1e-30, 0.5]))
    assert factor.times(np.full((1, 3), 2**31 - 1)).tolist() == [[0, 0, 2**30]]
    assert factor.times(np.full((1, 3), -5)).tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("value", [2.0**20, np.nan, -1.0])
def test_factor_that_does_not_fit_is_rejected(value: float) -> None:
    with pytest.raises(ModelError, match="too far apart for 8 bits"):
        Factor.nearest(np.array([value]))


def test_depthwise_is_a_convolution_with_zeros_between_channels() -> None:
    weights = draw((3, 3, 4), -127, 128).astype(np.int8)
    bias = draw((4,), -5000, 5000).astype(np.int32)
    factor = Factor.nearest(np.full(4, 0.003))
    full = np.zeros((4, 3, 3, 4), np.int8)
    for channel in range(4):
        full[channel, :, :, channel] = weights[..., channel]
    inputs = draw((2, 7, 7, 4), 0, 256).astype(np.uint8)
    np.testing.assert_array_equal(
        Depthwise(weights, bias, factor, padding=1)(inputs),
        Convolution(full, bias, factor, padding=1)(inputs),
    )


def test_max_pool_leaves_out_an_odd_row_and_column() -> None:
    inputs = np.arange(25, dtype=np.uint8).reshape(1, 5, 5, 1)
    assert MaxPool()(inputs)[0, :, :, 0].tolist() == [[6, 8], [16, 18]]


@pytest.mark.parametrize("outputs", [10, 11])
def test_confidence_is_the_softmax_of_the_logits(outputs: int) -> None:
    logit, temperature = 0.001, 1.5
    weights = draw((outputs, 1, 1, 784), -127, 128).astype(np.int8)
    network = IntegerNetwork(
        layers=(),
        last=Convolution(weights, np.zeros(outputs, np.int32), factor=None),
        logit=logit,
        octave=Factor.nearest(np.full(1, 64 * logit / (temperature * np.log(2)))),
    )
    images = draw((50, 28, 28), 0, 4, seed=1).astype(np.uint8)
    sums = np.einsum("oi,ni->no", weights[:, 0, 0].astype(int), images.reshape(50, -1).astype(int))
    powers = np.exp(sums * logit / temperature)
    expected = powers[:, :10].max(axis=1) / powers.sum(axis=1)
    digits, confidence = network.predict(images)
    np.testing.assert_array_equal(digits, sums[:, :10].argmax(axis=1))
    np.testing.assert_allclose(confidence / CONFIDENCE_UNIT, expected, atol=0.003)


def test_sums_beyond_32_bits_are_rejected() -> None:
    weights = np.full((1, 70_000), 127, np.int8)
    with pytest.raises(ModelError, match="exceed 32 bits"):
        reject_overflow(weights, np.zeros(1))
    reject_overflow(weights[:, :60_000], np.zeros(1))
