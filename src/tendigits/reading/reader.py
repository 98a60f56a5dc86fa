"""From a picture to its digits, each with a confidence."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tendigits.classifiers import Classifier, load_model_file, pretrained_models
from tendigits.classifiers.classifier import reject_other_classes
from tendigits.errors import PictureError
from tendigits.images import (
    Box,
    Finder,
    Picture,
    PictureSource,
    decode,
    decode_pages,
)
from tendigits.images.finder import CHARACTERS, DIGIT_CLASSES
from tendigits.images.frame import SIZE
from tendigits.images.ink import Area
from tendigits.reading.automaton import Pattern
from tendigits.reading.characters import Character
from tendigits.reading.combine import combine
from tendigits.reading.fitting import fit_number
from tendigits.reading.frames import frame_digits, frame_image
from tendigits.reading.numbers import UNREADABLE, SpelledNumber, group_numbers
from tendigits.reading.pattern import parse_pattern
from tendigits.reading.results import ReadDigit, Reading, SecondChoice

DEFAULT_MODEL = "reader"
# Candidates with a lower score are not looked at.
WEAKEST = 0.1
# Characters with a lower probability are no candidates for `--length` and `--pattern`.
LEAST = 0.1
# Where no character is a digit with this probability, a picture shows no digits: doodles, words and
# textures have uncertain characters only. Chosen on pictures that are made, and on labelled ones.
SUREST = 0.7
# Pictures of at most this many pixels per side are too small for the finder, which misses a tenth
# of the digits in them.
TINY = 16
_DIGITS = CHARACTERS[:DIGIT_CLASSES]


@dataclass(frozen=True, eq=False)
class _Seen:
    """A character that was seen, and its frame (28, 28) if it may be a digit."""

    character: Character
    frame: NDArray[np.uint8] | None


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
            ModelError: the file is damaged or not a model file, or its classes are not the ten
                digits.
            PictureError: the threshold is not from 0 to 1.
        """
        if threshold is not None and not 0 <= threshold <= 1:
            raise PictureError(f"The threshold is {threshold}; give a number from 0 to 1.")
        if not isinstance(classifier, Classifier):
            classifier = load_model_file(classifier, threads)
        self.classifier = reject_other_classes(classifier)
        self.threshold = classifier.threshold if threshold is None else threshold
        self._finder = _load_finder(threads)

    def read(self, picture: PictureSource, pattern: str | Pattern | None = None) -> Reading:
        """Read one picture, or the first page of a document.

        Args:
            picture: a path, the bytes of a file, an open file, a PIL image, or an array; see
                `decode`.
            pattern: read only the most probable number that fits this pattern, such as
                "[0-9]{2}/[0-9]{2}", whatever the threshold. If none fits, the status is `no fit`.

        Raises:
            PictureError: it is not a picture, damaged, empty, or over a limit.
            PatternError: the pattern is invalid.
        """
        wanted = _parsed(pattern)
        decoded = decode(picture)
        return replace(self.read_page(decoded, wanted), picture=decoded)

    __call__ = read

    def read_pages(
        self, picture: PictureSource, pattern: str | Pattern | None = None
    ) -> Iterator[Reading]:
        """Yield what is read on each page of a PDF or TIFF; other pictures have one page.

        Args:
            picture: as for `read`.
            pattern: as for `read`.

        Raises:
            PictureError, PatternError: as for `read`.
        """
        wanted = _parsed(pattern)
        for page in decode_pages(picture):
            yield self.read_page(page, wanted)

    def read_many(
        self, pictures: Iterable[PictureSource], pattern: str | Pattern | None = None
    ) -> Iterator[Reading | PictureError]:
        """Yield for each picture what was read in it, or the error that it caused."""
        wanted = _parsed(pattern)
        for picture in pictures:
            try:
                yield self.read_page(decode(picture), wanted)
            except PictureError as error:
                yield error

    def read_page(self, picture: Picture, pattern: Pattern | None = None) -> Reading:
        """Read a decoded picture; see `read`."""
        grey = picture.grey
        is_page = grey.shape != (SIZE, SIZE) and max(grey.shape) > TINY
        seen = self._see_page(grey) if is_page else self._see_image(grey)
        if is_page and self.threshold and pattern is None and _surest_digit(seen) < SUREST:
            seen = []
        likely = [each for each in seen if each.character.probability >= LEAST]
        characters = [each.character for each in likely]
        spelled = self._spelled(characters, pattern)
        digits = [
            self._read_digit(characters[index], symbol, frame, picture.scale)
            for index, symbol in _digits_of(spelled)
            if (frame := likely[index].frame) is not None
        ]
        numbers = [
            replace(each.number, box=_in_original(each.number.box, picture.scale))
            for each in spelled
        ]
        has_pattern = pattern is not None
        return Reading(tuple(digits), tuple(numbers), tuple(characters), picture.scale, has_pattern)

    def _spelled(self, characters: list[Character], pattern: Pattern | None) -> list[SpelledNumber]:
        if pattern is None:
            return group_numbers(characters, self.threshold)
        fitting = fit_number(characters, pattern)
        return [fitting] if fitting else []

    def _see_page(self, grey: NDArray[np.uint8]) -> list["_Seen"]:
        """Return what the finder and the classifier see in a picture."""
        found = [each for each in self._finder.find(grey) if each.score >= WEAKEST]
        framed = frame_digits(grey, found)
        predicted = self._classify(
            {at: each.frame for at, each in framed.items() if each.is_classified}
        )
        seen = []
        for at, each in enumerate(found):
            own = framed.get(at)
            probabilities = combine(each, predicted.get(at), own.isolation if own else 0.0)
            character = Character(_whole_pixels(each.box), probabilities)
            seen.append(_Seen(character, own.frame if own else None))
        return seen

    def _see_image(self, grey: NDArray[np.uint8]) -> list["_Seen"]:
        """Return what the classifier sees in a picture that shows one digit or none."""
        framed = frame_image(grey)
        if framed is None:
            return []
        box, frame = framed
        probabilities = np.zeros(len(CHARACTERS), np.float32)
        probabilities[:DIGIT_CLASSES] = self._classify({0: frame})[0]
        return [_Seen(Character(_whole_pixels(box), probabilities), frame)]

    def _classify(self, frames: dict[int, NDArray[np.uint8]]) -> dict[int, NDArray[np.float32]]:
        if not frames:
            return {}
        predictions = self.classifier.predict(np.array(list(frames.values()), np.uint8))
        return dict(zip(frames, predictions.probabilities, strict=True))

    def _read_digit(
        self, character: Character, symbol: str, frame: NDArray[np.uint8], scale: float
    ) -> ReadDigit:
        """Return the digit that a number shows as `symbol`; the most probable one for `?`."""
        probabilities = character.probabilities[:DIGIT_CLASSES]
        ranked = [int(each) for each in np.argsort(-probabilities, kind="stable")]
        first = ranked[0] if symbol == UNREADABLE else int(symbol)
        second = next(each for each in ranked if each != first)
        confidence = float(probabilities[first])
        return ReadDigit(
            digit=first,
            confidence=confidence,
            accepted=confidence >= self.threshold,
            box=_in_original(character.box, scale),
            second=SecondChoice(second, float(probabilities[second])),
            frame=frame,
            probabilities=probabilities,
        )


def read(
    picture: PictureSource,
    *,
    model: Classifier | str | Path = DEFAULT_MODEL,
    threshold: float | None = None,
    pattern: str | Pattern | None = None,
) -> Reading:
    """Read one picture; of several, a `Reader` loads its model once.

    Args:
        picture: a path, the bytes of a file, an open file, a PIL image, or an array; see `decode`.
        model: a model file, the name of a pretrained model, or a classifier.
        threshold: the confidence below which a digit is rejected; the model's own if None.
        pattern: read only the most probable number that fits; see `Reader.read`.

    Raises:
        PictureError: it is not a picture, damaged, empty, or over a limit; or the threshold is
            not from 0 to 1.
        ModelError: the model file is missing, damaged, or not a model file; or its classes are
            not the ten digits.
        PatternError: the pattern is invalid.
    """
    if isinstance(model, str) and model in pretrained_models():
        return _reader_of(model, threshold).read(picture, pattern)
    return Reader(model, threshold).read(picture, pattern)  # the file may have changed


def _surest_digit(seen: Iterable[_Seen]) -> float:
    return max((each.character.probability_of(_DIGITS) for each in seen), default=0.0)


def _parsed(pattern: str | Pattern | None) -> Pattern | None:
    return parse_pattern(pattern) if isinstance(pattern, str) else pattern


@lru_cache(maxsize=4)
def _reader_of(model: str, threshold: float | None) -> Reader:
    return Reader(model, threshold)


@cache
def _load_finder(threads: int | None) -> Finder:
    return Finder(threads=threads)


def _digits_of(numbers: list[SpelledNumber]) -> list[tuple[int, str]]:
    """Return what is shown as a digit or as `?`: the index of the character, and the symbol."""
    return [
        (index, symbol)
        for each in numbers
        for index, symbol in zip(each.indices, each.number.text, strict=True)
        if symbol.isdigit() or symbol == UNREADABLE
    ]


def _whole_pixels(area: Area) -> Box:
    left, top, right, bottom = area
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
