"""From a picture to its digits, each with a confidence."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tendigits.classifiers import Classifier, load_model_file
from tendigits.errors import PictureError
from tendigits.images import (
    Box,
    Ink,
    PictureSource,
    Shape,
    decode,
    find_cuts,
    find_ink,
    find_shapes,
    make_frame,
)
from tendigits.images.paper import SMALL

REJECTED = "?"
DEFAULT_MODEL = "reader"
# A rejected shape may be several touching digits. It is cut into at most this many parts,
MAX_PARTS = 4
# and each part needs this confidence, so that letters are not cut into digits.
PART_CONFIDENCE = 0.93


@dataclass(frozen=True)
class SecondChoice:
    """A digit and its probability.

    Attributes:
        digit: 0 to 9.
        confidence: the calibrated probability.
    """

    digit: int
    confidence: float


@dataclass(frozen=True, eq=False)
class ReadDigit:
    """The prediction for one shape of a picture.

    Attributes:
        digit: the most probable digit.
        confidence: its calibrated probability.
        accepted: whether the confidence reaches the threshold; the shape is rejected otherwise.
        box: where the shape is, in pixels of the original picture, turned upright.
        second: the second most probable digit.
        frame: (28, 28) uint8, the image of the shape that was fed to the network.
        probabilities: (10,) float32, the calibrated probabilities of the digits; they sum to 1
            minus the probability of a non-digit.
    """

    digit: int
    confidence: float
    accepted: bool
    box: Box
    second: SecondChoice
    frame: NDArray[np.uint8]
    probabilities: NDArray[np.float32]

    @property
    def character(self) -> str:
        """The digit, or `?` if the shape is rejected."""
        return str(self.digit) if self.accepted else REJECTED


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read in a picture.

    Attributes:
        digits: the shapes, line by line and from left to right.
    """

    digits: tuple[ReadDigit, ...]

    @property
    def text(self) -> str:
        """One character per shape."""
        return "".join(digit.character for digit in self.digits)

    @property
    def status(self) -> Literal["read", "empty"]:
        """`empty` if the picture contains no shapes."""
        return "read" if self.digits else "empty"

    @property
    def has_digits(self) -> bool:
        """Whether at least one shape is accepted."""
        return any(digit.accepted for digit in self.digits)

    @property
    def confidence(self) -> float:
        """The product of the accepted digits' confidences; 0 if there are none."""
        accepted = [digit.confidence for digit in self.digits if digit.accepted]
        return float(np.prod(accepted)) if accepted else 0.0


class Reader:
    """Reads pictures with a classifier that is loaded once; can be shared among threads.

    Attributes:
        classifier: predicts the digits.
        threshold: the confidence below which a shape is rejected.
    """

    def __init__(
        self, classifier: Classifier | str | Path = DEFAULT_MODEL, threshold: float | None = None
    ) -> None:
        """Load the classifier.

        Args:
            classifier: a classifier, the path of a model file, or the name of a pretrained model.
            threshold: the confidence below which a shape is rejected, from 0 (nothing is
                rejected) to 1; the classifier's own if None.

        Raises:
            ModelError: the file is damaged, or not a model file.
        """
        if not isinstance(classifier, Classifier):
            classifier = load_model_file(classifier)
        self.classifier = classifier
        self.threshold = classifier.threshold if threshold is None else threshold

    def read(self, picture: PictureSource) -> Reading:
        """Read one picture.

        Args:
            picture: a path, the bytes of a file, a PIL image, or an array; see `decode`.

        Raises:
            PictureError: it is not a picture, damaged, empty, or over a limit.
        """
        decoded = decode(picture)
        reading = self._read_ink(find_ink(decoded), decoded.scale)
        if max(decoded.grey.shape) <= SMALL and not reading.has_digits:
            other = self._read_ink(find_ink(decoded, inverted=True), decoded.scale)
            return other if other.has_digits else reading
        return reading

    def read_many(self, pictures: Iterable[PictureSource]) -> Iterator[Reading | PictureError]:
        """Yield for each picture what was read in it, or the error that it caused."""
        for picture in pictures:
            try:
                yield self.read(picture)
            except PictureError as error:
                yield error

    def _read_ink(self, ink: Ink, scale: float) -> Reading:
        shapes = find_shapes(ink)
        digits: list[ReadDigit] = []
        for shape, digit in zip(shapes, self._classify(shapes, scale), strict=True):
            parts = [] if digit.accepted else self._read_parts(shape, scale, MAX_PARTS - 1)
            digits += parts or [digit]
        return Reading(tuple(digits))

    def _read_parts(self, shape: Shape, scale: float, cuts: int) -> list[ReadDigit]:
        """Return the touching digits of which a shape consists; none unless all are confident."""
        needed = max(PART_CONFIDENCE, self.threshold)
        found: list[list[ReadDigit]] = []
        for halves in find_cuts(shape) if cuts else []:
            parts: list[ReadDigit] = []
            for half, digit in zip(halves, self._classify(halves, scale), strict=True):
                is_confident = digit.confidence >= needed
                smaller = [] if is_confident else self._read_parts(half, scale, cuts - 1)
                parts += smaller or [digit]
            if all(digit.confidence >= needed for digit in parts):
                found.append(parts)
        return max(found, key=lambda parts: min(each.confidence for each in parts), default=[])

    def _classify(self, shapes: Sequence[Shape], scale: float) -> list[ReadDigit]:
        """Return the prediction for each shape; `scale` is that of the decoded picture."""
        if not shapes:
            return []
        frames = np.array([make_frame(shape.ink) for shape in shapes], np.uint8)
        predictions = self.classifier.predict(frames)
        return [
            self._read_digit(shape, frame, probabilities, scale)
            for shape, frame, probabilities in zip(
                shapes, frames, predictions.probabilities, strict=True
            )
        ]

    def _read_digit(
        self,
        shape: Shape,
        frame: NDArray[np.uint8],
        probabilities: NDArray[np.float32],
        scale: float,
    ) -> ReadDigit:
        second, first = np.argsort(probabilities)[-2:]
        confidence = float(probabilities[first])
        return ReadDigit(
            digit=int(first),
            confidence=confidence,
            accepted=confidence >= self.threshold,
            box=_in_original(shape.box, scale),
            second=SecondChoice(int(second), float(probabilities[second])),
            frame=frame,
            probabilities=probabilities,
        )


def read(picture: PictureSource) -> Reading:
    """Read one picture with the pretrained model; use a `Reader` for other models.

    Args:
        picture: a path, the bytes of a file, a PIL image, or an array; see `decode`.

    Raises:
        PictureError: it is not a picture, damaged, empty, or over a limit.
    """
    return _default_reader().read(picture)


@cache
def _default_reader() -> Reader:
    return Reader()


def _in_original(box: Box, scale: float) -> Box:
    return replace(
        box,
        left=int(box.left * scale),
        top=int(box.top * scale),
        right=round(box.right * scale),
        bottom=round(box.bottom * scale),
    )
