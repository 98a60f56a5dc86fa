"""A network in integers, and its arithmetic in numpy, which is bit for bit that of the C header."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from tendigits.data import CLASSES, IMAGE_SIZE
from tendigits.errors import ModelError

LARGEST = 255  # of an activation
LARGEST_WEIGHT = 127
CONFIDENCE_UNIT = 10_000  # a confidence of 1
# Powers of 2 from 1 down to 1/2 in 64 steps, in units of 2**-15: the exponentials of the softmax.
STEPS_PER_OCTAVE = 64
POWERS = np.rint(2.0 ** (15 - np.arange(STEPS_PER_OCTAVE) / STEPS_PER_OCTAVE)).astype(np.uint16)
_OCTAVES = 16  # 2**-16 is 0 in these units
_MULTIPLIER_BITS = 16
_LARGEST_SUM = 2**31 - 1
_BATCH = 100


@dataclass(frozen=True, eq=False)
class Factor:
    """Positive factors as fractions of integers: multiplier / 2**shift.

    Attributes:
        multiplier: uint16, from 2**15 to 2**16 - 1, or 0 for a factor too small to count.
        shift: uint8, at least 1.
    """

    multiplier: NDArray[np.uint16]
    shift: NDArray[np.uint8]

    @classmethod
    def nearest(cls, values: NDArray[np.float64]) -> "Factor":
        """Return the fractions that are nearest to `values`, each from 0 to less than 2**14.

        Raises:
            ModelError: a value is larger or not a number.
        """
        if not np.all((values >= 0) & (values < 2.0 ** (_MULTIPLIER_BITS - 2))):
            raise ModelError("The network's scales are too far apart for 8 bits; train it again.")
        mantissa, exponent = np.frexp(values)  # mantissa from 1/2 to 1
        multiplier = np.minimum(np.rint(mantissa * 2**_MULTIPLIER_BITS), 2**_MULTIPLIER_BITS - 1)
        shift = _MULTIPLIER_BITS - exponent
        counts = (values > 0) & (shift < 32 + _MULTIPLIER_BITS)  # else even 2**31 times it is 0
        return cls(
            np.where(counts, multiplier, 0).astype(np.uint16),
            np.where(counts, shift, 1).astype(np.uint8),
        )

    def times(self, sums: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return `sums` (..., c) times the factors (c,), rounded; 0 for negative sums."""
        half = np.int64(1) << (self.shift.astype(np.int64) - 1)
        products = np.maximum(sums, 0)
        products *= self.multiplier
        products += half
        products >>= self.shift
        return products


@dataclass(frozen=True, eq=False)
class Convolution:
    """A convolution, or a fully connected layer on an image of one pixel.

    An output is the sum of the products plus `bias`, times `factor`, from 0 to 255.

    Attributes:
        weights: (outputs, k, k, inputs) int8.
        bias: (outputs,) int32.
        factor: of each output; None for the last layer, whose sums are the logits.
        stride: in pixels.
        padding: pixels of 0 on each side.
    """

    weights: NDArray[np.int8]
    bias: NDArray[np.int32]
    factor: Factor | None
    stride: int = 1
    padding: int = 0

    def sums(self, inputs: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the sums (n, h, w, outputs) for `inputs` (n, h, w, inputs)."""
        # Sums of products of integers below 2**53 are exact in float64, which BLAS multiplies.
        outputs, kernel, _, _ = self.weights.shape
        found = [patch for _, _, patch in _patches(inputs, kernel, self.stride, self.padding)]
        rows = np.concatenate(found, axis=3, dtype=np.float64)
        products = rows.reshape(-1, rows.shape[3]) @ self.weights.reshape(outputs, -1).T
        sums: NDArray[np.int64] = products.reshape(*rows.shape[:3], outputs).astype(np.int64)
        sums += self.bias
        return sums

    def __call__(self, inputs: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the outputs (n, h, w, outputs) for `inputs` (n, h, w, inputs)."""
        assert self.factor is not None
        return _to_uint8(self.factor.times(self.sums(inputs)))


@dataclass(frozen=True, eq=False)
class Depthwise:
    """A convolution of each channel by itself; see `Convolution`.

    Attributes:
        weights: (k, k, channels) int8.
        bias: (channels,) int32.
        factor: of each channel.
        stride: in pixels.
        padding: pixels of 0 on each side.
    """

    weights: NDArray[np.int8]
    bias: NDArray[np.int32]
    factor: Factor
    stride: int = 1
    padding: int = 0

    def __call__(self, inputs: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the outputs (n, h, w, c) for `inputs` (n, h, w, c)."""
        weights = self.weights.astype(np.int32)
        terms = (
            patch.astype(np.int32) * weights[y, x]
            for y, x, patch in _patches(inputs, len(weights), self.stride, self.padding)
        )
        return _to_uint8(self.factor.times((sum(terms) + self.bias).astype(np.int64)))


@dataclass(frozen=True)
class MaxPool:
    """The largest of each 2x2 pixels; an odd row or column at the end is left out."""

    def __call__(self, inputs: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the outputs (n, h // 2, w // 2, c) for `inputs` (n, h, w, c)."""
        n, height, width, channels = inputs.shape
        even = inputs[:, : height // 2 * 2, : width // 2 * 2]
        pooled: NDArray[np.uint8] = even.reshape(n, height // 2, 2, width // 2, 2, channels).max(
            axis=(2, 4)
        )
        return pooled


@dataclass(frozen=True, eq=False)
class MaxAndMean:
    """Each channel's maximum over the image, then each channel's sum times `factor`.

    Attributes:
        factor: of each channel; it holds the division by the number of pixels.
    """

    factor: Factor

    def __call__(self, inputs: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the outputs (n, 1, 1, 2c) for `inputs` (n, h, w, c)."""
        means = _to_uint8(self.factor.times(inputs.sum(axis=(1, 2), keepdims=True, dtype=np.int64)))
        return np.concatenate([inputs.max(axis=(1, 2), keepdims=True), means], axis=3)


Layer = Convolution | Depthwise | MaxPool | MaxAndMean


@dataclass(frozen=True, eq=False)
class IntegerNetwork:
    """A network whose weights and activations are integers of 8 bits, and its sums of 32.

    Attributes:
        layers: from the image to the values before the last layer.
        last: the last layer, whose sums are the logits.
        logit: the value of 1 in these sums.
        octave: the difference of the sums by which a probability is halved, as a factor:
            differences times it are in 64ths of an octave.
    """

    layers: tuple[Layer, ...]
    last: Convolution
    logit: float
    octave: Factor

    @property
    def outputs(self) -> int:
        """The number of logits: ten, or eleven with one for non-digits."""
        return len(self.last.bias)

    def logits(self, images: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the sums (n, outputs) of the last layer for `images` (n, 28, 28) uint8."""
        parts = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
        return np.concatenate([self._logits(part) for part in parts])

    def predict(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the digits (n,) and their confidence (n,) in 1/10,000, as the C header does.

        Args:
            images: (n, 28, 28) uint8, 0 for paper and 255 for full ink.
        """
        logits = self.logits(images)
        digits = logits[:, :CLASSES].argmax(axis=1)
        steps = self.octave.times(logits.max(axis=1, keepdims=True) - logits)
        octaves = np.minimum(steps // STEPS_PER_OCTAVE, _OCTAVES)
        powers = POWERS[steps % STEPS_PER_OCTAVE].astype(np.int64) >> octaves
        total = powers.sum(axis=1)
        chosen = np.take_along_axis(powers, digits[:, None], axis=1)[:, 0]
        return digits, (chosen * CONFIDENCE_UNIT + total // 2) // total

    def _logits(self, images: NDArray[np.uint8]) -> NDArray[np.int64]:
        values = images[..., np.newaxis]
        if isinstance(self.first, Convolution) and self.first.weights.shape[3] != 1:
            values = images.reshape(-1, 1, 1, IMAGE_SIZE * IMAGE_SIZE)
        for layer in self.layers:
            values = layer(values)
        return self.last.sums(values)[:, 0, 0]

    @property
    def first(self) -> Layer:
        """The layer that takes the image."""
        return self.layers[0] if self.layers else self.last


def reject_overflow(weights: NDArray[np.int8], bias: NDArray[np.float64]) -> None:
    """Raise a ModelError where a sum could exceed 32 bits, whatever the image.

    Args:
        weights: (outputs, n), all weights of each output.
        bias: (outputs,), rounded.
    """
    largest = LARGEST * np.abs(weights.astype(np.int64)).sum(axis=1) + np.abs(bias)
    if not largest.max() <= _LARGEST_SUM:
        raise ModelError("The network's sums exceed 32 bits; train one with smaller layers.")


def _patches(
    inputs: NDArray[np.uint8], kernel: int, stride: int, padding: int
) -> Iterator[tuple[int, int, NDArray[np.uint8]]]:
    """Yield each row and column of a kernel, with the pixels of (n, h, w, c) that it meets."""
    border = (padding, padding)
    padded = np.pad(inputs, ((0, 0), border, border, (0, 0)))
    height, width = (size - kernel + 1 for size in padded.shape[1:3])
    for y, x in product(range(kernel), repeat=2):
        yield y, x, padded[:, y : y + height : stride, x : x + width : stride]


def _to_uint8(values: NDArray[np.int64]) -> NDArray[np.uint8]:
    return np.minimum(values, LARGEST).astype(np.uint8)
