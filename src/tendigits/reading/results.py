"""What was read in a picture: its digits and numbers, each with a confidence."""

from dataclasses import astuple, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tendigits.images import Box, Picture
from tendigits.reading.characters import Character
from tendigits.reading.numbers import UNREADABLE, Number


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

    def __repr__(self) -> str:
        """Return the digit, its confidence and its box, without the images."""
        place = ", ".join(map(str, astuple(self.box)))
        return f"ReadDigit({self.character!r}, confidence={self.confidence:.3f}, box=({place}))"

    @property
    def character(self) -> str:
        """The digit, or `?` if the shape is rejected."""
        return str(self.digit) if self.accepted else UNREADABLE


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read in a picture.

    Attributes:
        digits: the digits, line by line and from left to right.
        numbers: the numbers that they form, in the same order.
        characters: all that may be a character, in pixels of the decoded picture.
        scale: the width of one of those pixels in pixels of the original picture.
        has_pattern: whether a number of a certain length or pattern was sought, and nothing else.
        picture: the decoded picture; None for pages of documents and for pictures read in bulk.
    """

    digits: tuple[ReadDigit, ...]
    numbers: tuple[Number, ...] = ()
    characters: tuple[Character, ...] = ()
    scale: float = 1.0
    has_pattern: bool = False
    picture: Picture | None = None

    def __repr__(self) -> str:
        """Return the text and its confidence; the digits are counted."""
        return (
            f"Reading({self.text!r}, confidence={self.confidence:.3f}, status={self.status!r}, "
            f"{len(self.digits)} digits)"
        )

    def _repr_html_(self) -> str:
        """Return the text and the picture with what was found in it, for notebooks."""
        from tendigits.reading.explain import as_html  # noqa: PLC0415 - it imports this module

        return as_html(self)

    def to_dict(self) -> dict[str, object]:
        """Return what `tendigits read --json` prints, without what names the file.

        It contains text, numbers and digits, each with its confidence and box, as plain values.
        """
        from tendigits.reading.schemas import PictureResult  # noqa: PLC0415 - it imports pydantic

        values = PictureResult.from_reading("-", self).to_dict()
        return {name: values[name] for name in values if name not in ("file", "page", "error")}

    @property
    def text(self) -> str:
        """One line for each line of the picture; the numbers in it are separated by spaces."""
        lines: dict[int, list[str]] = {}
        for number in self.numbers:
            lines.setdefault(number.line, []).append(number.text)
        return "\n".join(" ".join(lines[line]) for line in sorted(lines))

    @property
    def status(self) -> Literal["read", "empty", "no fit"]:
        """`empty` if there is no number; `no fit` if no number fits the pattern."""
        if self.numbers:
            return "read"
        return "no fit" if self.has_pattern else "empty"

    @property
    def has_digits(self) -> bool:
        """Whether at least one digit is accepted."""
        return any(digit.accepted for digit in self.digits)

    @property
    def confidence(self) -> float:
        """The probability that the whole text is right; 0 if there is none.

        It is the product of the confidences of the numbers. A `?` stands for its most probable
        digit, so a rejected shape lowers it.
        """
        return float(np.prod([each.confidence for each in self.numbers])) if self.numbers else 0.0
