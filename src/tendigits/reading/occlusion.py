"""On which strokes an answer hangs: how sure the network is with a patch of the frame hidden.

After Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.classifiers import Classifier
from tendigits.data import IMAGE_SIZE

PATCH = 6  # pixels; two strokes' width
STEP = 2
PLACES = IMAGE_SIZE // STEP


@dataclass(frozen=True, eq=False)
class Occlusion:
    """How an answer depends on the places of a frame.

    Attributes:
        label: the most probable answer, 0 to 9, or 10 (NON_DIGIT) for what is no digit.
        confidence: its calibrated probability.
        hidden: (14, 14) float32, its probability with a patch of 6x6 pixels hidden; each is for
            the patch around a square of 2x2 pixels, row by row.
    """

    label: int
    confidence: float
    hidden: NDArray[np.float32]


def occlude(classifier: Classifier, frame: NDArray[np.uint8]) -> Occlusion:
    """Hide a patch of a frame (28, 28) uint8 at each place in turn, as paper."""
    frames = np.concatenate([frame[np.newaxis], np.where(_patches(), np.uint8(0), frame)])
    digits = classifier.predict(frames).probabilities
    answers = np.column_stack([digits, 1 - digits.sum(axis=1)])  # the last is NON_DIGIT's
    label = int(answers[0].argmax())
    sure = answers[:, label].clip(0, 1)
    return Occlusion(label, float(sure[0]), sure[1:].reshape(PLACES, PLACES))


def _patches() -> NDArray[np.bool_]:
    """Return (196, 28, 28), true where each patch is."""
    first = np.arange(PLACES)[:, np.newaxis] * STEP - (PATCH - STEP) // 2
    pixels = np.arange(IMAGE_SIZE)
    within = (pixels >= first) & (pixels < first + PATCH)
    patches = within[:, np.newaxis, :, np.newaxis] & within[np.newaxis, :, np.newaxis, :]
    return patches.reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
