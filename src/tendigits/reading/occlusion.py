"""Occlusion maps: the probability of the predicted class while a part of the frame is hidden.

Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.classifiers import Classifier
from tendigits.data import IMAGE_SIZE

PATCH = 6  # pixels; the width of two strokes
STEP = 2
PLACES = IMAGE_SIZE // STEP


@dataclass(frozen=True, eq=False)
class Occlusion:
    """How a prediction depends on each part of a frame.

    Attributes:
        label: the predicted class, 0 to 9, or 10 (NON_DIGIT).
        confidence: its calibrated probability.
        hidden: (14, 14) float32, its probability while a patch of 6x6 pixels is hidden, which is
            centred on a square of 2x2 pixels; row by row.
    """

    label: int
    confidence: float
    hidden: NDArray[np.float32]


def occlude(classifier: Classifier, frame: NDArray[np.uint8]) -> Occlusion:
    """Return the occlusion map of a frame (28, 28) uint8; hidden pixels become paper."""
    frames = np.concatenate([frame[np.newaxis], np.where(_patches(), np.uint8(0), frame)])
    digits = classifier.predict(frames).probabilities
    probabilities = np.column_stack([digits, 1 - digits.sum(axis=1)])  # the last: NON_DIGIT
    label = int(probabilities[0].argmax())
    of_label = probabilities[:, label].clip(0, 1)
    return Occlusion(label, float(of_label[0]), of_label[1:].reshape(PLACES, PLACES))


def _patches() -> NDArray[np.bool_]:
    """Return a mask (196, 28, 28) of each patch."""
    first = np.arange(PLACES)[:, np.newaxis] * STEP - (PATCH - STEP) // 2
    pixels = np.arange(IMAGE_SIZE)
    within = (pixels >= first) & (pixels < first + PATCH)
    patches = within[:, np.newaxis, :, np.newaxis] & within[np.newaxis, :, np.newaxis, :]
    return patches.reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
