"""Reading: from any picture to its digits, each with a confidence."""

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
    find_ink,
    find_shapes,
    make_frame,
    ways_to_cut,
)

REJECTED = "?"
DEFAULT_MODEL = "reader"
# A shape that is rejected is cut into no more digits than this,
MOST_TOUCHING = 4
# and each of them must be as sure as this, so that letters are not cut into digits.
SURE = 0.93


@dataclass(frozen=True)
class Guess:
    """A class and how probable it is.

    Attributes:
        digit: from 0 to 9.
        confidence: the calibrated probability, from 0 to 1.
    """

    digit: int
    confidence: float


@dataclass(frozen=True, eq=False)
class ReadDigit:
    """One shape of a picture, read.

    Attributes:
        digit: the most probable class.
        confidence: its calibrated probability.
        accepted: whether it is taken for a digit at all.
        box: where it is, in the pixels of the picture as it was given, upright.
        second: the next probable class.
        frame: (28, 28) uint8, what the network saw.
        probabilities: (10,) float32, the calibrated probability of each digit; what they lack to
            1 is the probability that it is a non-digit.
    """

    digit: int
    confidence: float
    accepted: bool
    box: Box
    second: Guess
    frame: NDArray[np.uint8]
    probabilities: NDArray[np.float32]

    @property
    def character(self) -> str:
        """The digit, or `?` where it is rejected."""
        return str(self.digit) if self.accepted else REJECTED


@dataclass(frozen=True, eq=False)
class Reading:
    """A picture, read.

    Attributes:
        digits: its shapes, line by line and from left to right.
    """

    digits: tuple[ReadDigit, ...]

    @property
    def text(self) -> str:
        """One character a shape."""
        return "".join(digit.character for digit in self.digits)

    @property
    def status(self) -> Literal["read", "empty"]:
        """Whether there is anything in the picture."""
        return "read" if self.digits else "empty"

    @property
    def has_digits(self) -> bool:
        """Whether a digit was accepted."""
        return any(digit.accepted for digit in self.digits)

    @property
    def confidence(self) -> float:
        """The product of the accepted digits' confidences; 0 where there is none."""
        accepted = [digit.confidence for digit in self.digits if digit.accepted]
        return float(np.prod(accepted)) if accepted else 0.0


class Reader:
    """Reads pictures with a model that is loaded once; safe to share among threads.

    Attributes:
        classifier: what predicts the digits.
        threshold: shapes that are less probable than this are rejected.
    """

    def __init__(
        self, model: Classifier | str | Path = DEFAULT_MODEL, threshold: float | None = None
    ) -> None:
        """Load a model.

        Args:
            model: a model, its file, or the name of a shipped one.
            threshold: the point of rejection, from 0 (nothing is rejected) to 1; the model's own when
                None.

        Raises:
            ModelError: the file is no model.
        """
        self.classifier = model if isinstance(model, Classifier) else load_model_file(model)
        self.threshold = self.classifier.threshold if threshold is None else threshold

    def read(self, picture: PictureSource) -> Reading:
        """Read one picture: a path, bytes, a PIL image or an array.

        Raises:
            PictureError: it is no picture, damaged, of no size, or over a limit.
        """
        decoded = decode(picture)
        reading = self._read_ink(find_ink(decoded), decoded.scale)
        if decoded.is_small and not reading.has_digits:
            other = self._read_ink(find_ink(decoded, inverted=True), decoded.scale)
            return other if other.has_digits else reading
        return reading

    def read_many(self, pictures: Iterable[PictureSource]) -> Iterator[Reading | PictureError]:
        """Yield for each picture what is read in it, or the error that it gave."""
        for picture in pictures:
            try:
                yield self.read(picture)
            except PictureError as error:
                yield error

    def _read_ink(self, ink: Ink, scale: float) -> Reading:
        shapes = find_shapes(ink)
        digits: list[ReadDigit] = []
        for shape, digit in zip(shapes, self._classify(shapes, scale), strict=True):
            parts = [] if digit.accepted else self._read_cut(shape, scale, MOST_TOUCHING - 1)
            digits += parts or [digit]
        return Reading(tuple(digits))

    def _read_cut(self, shape: Shape, scale: float, cuts: int) -> list[ReadDigit]:
        """Return the digits that a shape comes apart into; none unless all of them are sure."""
        found: list[list[ReadDigit]] = []
        for halves in ways_to_cut(shape) if cuts else []:
            parts: list[ReadDigit] = []
            for half, digit in zip(halves, self._classify(halves, scale), strict=True):
                sure = digit.confidence >= max(SURE, self.threshold)
                parts += [digit] if sure else self._read_cut(half, scale, cuts - 1) or [digit]
            if all(digit.confidence >= max(SURE, self.threshold) for digit in parts):
                found.append(parts)
        return max(found, key=lambda parts: min(each.confidence for each in parts), default=[])

    def _classify(self, shapes: Sequence[Shape], scale: float) -> list[ReadDigit]:
        if not shapes:
            return []
        frames = np.array([make_frame(shape.ink) for shape in shapes], np.uint8)
        answers = self.classifier.predict(frames).probabilities
        return [
            self._read_digit(shape, frame, probabilities, scale)
            for shape, frame, probabilities in zip(shapes, frames, answers, strict=True)
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
            second=Guess(int(second), float(probabilities[second])),
            frame=frame,
            probabilities=probabilities,
        )


def read(picture: PictureSource) -> Reading:
    """Read one picture with the shipped model; a `Reader` reads many.

    Args:
        picture: a path, bytes, a PIL image, or an array as `decode` takes it.

    Raises:
        PictureError: it is no picture, damaged, of no size, or over a limit.
    """
    return _shipped_reader().read(picture)


@cache
def _shipped_reader() -> Reader:
    return Reader()


def _in_original(box: Box, scale: float) -> Box:
    return replace(
        box,
        left=int(box.left * scale),
        top=int(box.top * scale),
        right=round(box.right * scale),
        bottom=round(box.bottom * scale),
    )
