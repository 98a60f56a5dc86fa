"""From a picture to its digits, each with a confidence."""

from collections.abc import Iterable, Iterator
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
    Finder,
    Found,
    Ink,
    Picture,
    PictureSource,
    decode,
    decode_pages,
    ink_in,
    is_dark_on_light,
    make_frame,
)
from tendigits.images.finder import DIGITS
from tendigits.reading.characters import Character
from tendigits.reading.combine import combine
from tendigits.reading.numbers import Number, SpelledNumber, group_numbers

Frame = NDArray[np.uint8]

REJECTED = "?"
DEFAULT_MODEL = "reader"
# Candidates with a lower score are not looked at.
WEAKEST = 0.1
# Candidates with this probability of a digit are framed for the classifier.
DIGIT = 0.3
STRONG = 0.3
# Characters with a lower probability are no candidates for `--length` and `--pattern`.
LEAST = 0.1


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
        digits: the digits, line by line and from left to right.
        numbers: the numbers that they form, in the same order.
        characters: all that may be a character, in pixels of the decoded picture.
        scale: the width of one of those pixels in pixels of the original picture.
    """

    digits: tuple[ReadDigit, ...]
    numbers: tuple[Number, ...] = ()
    characters: tuple[Character, ...] = ()
    scale: float = 1.0

    @property
    def text(self) -> str:
        """One line for each line of the picture; the numbers in it are separated by spaces."""
        lines: dict[int, list[str]] = {}
        for number in self.numbers:
            lines.setdefault(number.line, []).append(number.text)
        return "\n".join(" ".join(lines[line]) for line in sorted(lines))

    @property
    def status(self) -> Literal["read", "empty"]:
        """`empty` if the picture contains no digits."""
        return "read" if self.digits else "empty"

    @property
    def has_digits(self) -> bool:
        """Whether at least one digit is accepted."""
        return any(digit.accepted for digit in self.digits)

    @property
    def confidence(self) -> float:
        """The probability that the whole text is right; 0 if there is none."""
        return float(np.prod([each.confidence for each in self.numbers])) if self.numbers else 0.0


class Reader:
    """Reads pictures with a classifier that is loaded once; can be shared among threads.

    Attributes:
        classifier: predicts the digits.
        threshold: the confidence below which a digit is rejected.
    """

    def __init__(
        self,
        classifier: Classifier | str | Path = DEFAULT_MODEL,
        threshold: float | None = None,
        threads: int | None = None,
    ) -> None:
        """Load the classifier and the finder.

        Args:
            classifier: a classifier, the path of a model file, or the name of a pretrained model.
            threshold: the confidence below which a digit is rejected, from 0 (nothing is
                rejected) to 1; the classifier's own if None.
            threads: how many threads to compute with; one per core when None.

        Raises:
            ModelError: the file is damaged, or not a model file.
        """
        if not isinstance(classifier, Classifier):
            classifier = load_model_file(classifier, threads)
        self.classifier = classifier
        self.threshold = classifier.threshold if threshold is None else threshold
        self._finder = _load_finder(threads)

    def read(self, picture: PictureSource) -> Reading:
        """Read one picture, or the first page of a document.

        Args:
            picture: a path, the bytes of a file, a PIL image, or an array; see `decode`.

        Raises:
            PictureError: it is not a picture, damaged, empty, or over a limit.
        """
        return self._read(decode(picture))

    def read_pages(self, picture: PictureSource) -> Iterator[Reading]:
        """Yield what is read on each page of a PDF or TIFF; other pictures have one page.

        Args:
            picture: as for `read`.

        Raises:
            PictureError: as for `read`.
        """
        for page in decode_pages(picture):
            yield self._read(page)

    def read_many(self, pictures: Iterable[PictureSource]) -> Iterator[Reading | PictureError]:
        """Yield for each picture what was read in it, or the error that it caused."""
        for picture in pictures:
            try:
                yield self.read(picture)
            except PictureError as error:
                yield error

    def _read(self, picture: Picture) -> Reading:
        found = [each for each in self._finder.find(picture.grey) if each.score >= WEAKEST]
        inks = _inks_of_digits(picture.grey, found)
        frames = {at: make_frame(ink.levels) for at, ink in inks.items()}
        predicted = self._classify(frames)
        combined = [
            combine(each, predicted[at], inks[at].isolation) if at in inks else combine(each, None)
            for at, each in enumerate(found)
        ]
        kept = [at for at, each in enumerate(combined) if each.sum() >= LEAST]
        characters = [Character(_whole_pixels(found[at]), combined[at]) for at in kept]
        spelled = group_numbers(characters, self.threshold)
        digits = [
            self._read_digit(characters[index], frames[kept[index]], picture.scale)
            for index in _digits_of(spelled)
            if kept[index] in frames
        ]
        numbers = [
            replace(each.number, box=_in_original(each.number.box, picture.scale))
            for each in spelled
        ]
        return Reading(tuple(digits), tuple(numbers), tuple(characters), picture.scale)

    def _classify(self, frames: dict[int, Frame]) -> dict[int, NDArray[np.float32]]:
        if not frames:
            return {}
        predictions = self.classifier.predict(np.array(list(frames.values()), np.uint8))
        return dict(zip(frames, predictions.probabilities, strict=True))

    def _read_digit(self, character: Character, frame: Frame, scale: float) -> ReadDigit:
        probabilities = character.probabilities[:DIGITS]
        second, first = np.argsort(probabilities)[-2:]
        confidence = float(probabilities[first])
        return ReadDigit(
            digit=int(first),
            confidence=confidence,
            accepted=confidence >= self.threshold,
            box=_in_original(character.box, scale),
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


@cache
def _load_finder(threads: int | None) -> Finder:
    return Finder(threads=threads)


def _inks_of_digits(grey: NDArray[np.uint8], found: list[Found]) -> dict[int, Ink]:
    """Return the ink of the candidates that may be digits, by their index."""
    digits = {at: each for at, each in enumerate(found) if each.classes[:DIGITS].sum() >= DIGIT}
    if not digits:
        return {}
    sure = [each.box for each in digits.values() if each.score >= STRONG]
    dark = is_dark_on_light(grey, sure or [each.box for each in digits.values()])
    return {at: ink_in(grey, each.box, dark=dark) for at, each in digits.items()}


def _digits_of(numbers: list[SpelledNumber]) -> list[int]:
    """Return the indices of the characters that are shown as a digit or as `?`."""
    return [
        index
        for each in numbers
        for index, symbol in zip(each.indices, each.number.text, strict=True)
        if symbol.isdigit() or symbol == REJECTED
    ]


def _whole_pixels(found: Found) -> Box:
    left, top, right, bottom = found.box
    left, top = int(left), int(top)
    return Box(left, top, max(left + 1, round(right)), max(top + 1, round(bottom)))


def _in_original(box: Box, scale: float) -> Box:
    return replace(
        box,
        left=int(box.left * scale),
        top=int(box.top * scale),
        right=round(box.right * scale),
        bottom=round(box.bottom * scale),
    )
