"""Predictions for images: the logits, and everything that is computed from them."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tendigits.data import CLASSES


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the natural logarithms of the probabilities of logits (n, classes)."""
    # The largest of each row becomes 0, so that no exponential overflows.
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probabilities: NDArray[np.float32] = shifted - np.log(
        np.exp(shifted).sum(axis=1, keepdims=True)
    )
    return log_probabilities


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions for n images.

    Attributes:
        logits: (n, 10) float32, or (n, 11) if the classifier has an output for non-digits.
        labels: (n,) int64, the true classes; None if unknown.
        temperature: the divisor of the logits that calibrates the probabilities.
    """

    logits: NDArray[np.float32]
    labels: NDArray[np.int64] | None = None
    temperature: float = 1.0

    def __repr__(self) -> str:
        """Return the number of images, and the accuracy if the labels are known."""
        accuracy = "" if self.labels is None else f", accuracy={self.correct.mean():.4f}"
        return f"Predictions({len(self):,} images{accuracy})"

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.logits)

    @cached_property
    def log_probabilities(self) -> NDArray[np.float32]:
        """Natural logarithms of the probabilities of all outputs, (n, 10) or (n, 11)."""
        scaled = self.logits / np.float32(self.temperature)
        return log_softmax(scaled)

    @cached_property
    def probabilities(self) -> NDArray[np.float32]:
        """Probabilities of the ten digits, (n, 10).

        Each row sums to 1, or to 1 minus the probability of a non-digit.
        """
        probabilities: NDArray[np.float32] = np.exp(self.log_probabilities[:, :CLASSES])
        return probabilities

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable digit of each image, (n,)."""
        digits: NDArray[np.int64] = self.logits[:, :CLASSES].argmax(axis=1)
        return digits

    @cached_property
    def predicted_output(self) -> NDArray[np.int64]:
        """The most probable output of each image, (n,): 0 to 9, or 10 (NON_DIGIT)."""
        outputs: NDArray[np.int64] = self.logits.argmax(axis=1)
        return outputs

    @cached_property
    def confidence(self) -> NDArray[np.float32]:
        """The probability of the most probable digit, (n,)."""
        confidence: NDArray[np.float32] = self.probabilities.max(axis=1)
        return confidence

    @cached_property
    def correct(self) -> NDArray[np.bool_]:
        """Whether the most probable digit is the label, (n,).

        Raises:
            ValueError: the labels are unknown.
        """
        correct: NDArray[np.bool_] = self.predicted == self.known_labels
        return correct

    @property
    def known_labels(self) -> NDArray[np.int64]:
        """The labels, (n,).

        Raises:
            ValueError: they are unknown.
        """
        if self.labels is None:
            raise ValueError("These predictions have no labels; pass labels to `predict`.")
        return self.labels

    def at_temperature(self, temperature: float) -> "Predictions":
        """Return the same logits with another temperature."""
        return replace(self, temperature=temperature)

    def subset(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Predictions":
        """Return the predictions for the images that a mask (n,) or indices choose."""
        labels = None if self.labels is None else self.labels[chosen]
        return Predictions(self.logits[chosen], labels, self.temperature)
