"""The JSON of a reading: what `tendigits read --json` prints for each picture."""

import base64
import io
from dataclasses import astuple
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from tendigits.data import NON_DIGIT
from tendigits.reading.numbers import Number
from tendigits.reading.results import ReadDigit, Reading

DECIMALS = 6


def _whole_number(value: object) -> object:
    """Return 3 for 3.0: JSON has one type of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _valid_unicode(value: object) -> object:
    """Escape the bytes of a file name that are not UTF-8, as `\\udcff`."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


AS_JSON_COUNTS = BeforeValidator(_whole_number)
Digit = Annotated[int, Field(ge=0, le=9, description="A digit."), AS_JSON_COUNTS]
NonDigit = Literal["non-digit"]
Corners = tuple[int, int, int, int]
Probability = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, BeforeValidator(_valid_unicode)]


class SecondChoice(BaseModel):
    """The second most probable digit of a shape."""

    model_config = ConfigDict(frozen=True)

    digit: Digit
    confidence: Probability = Field(description="Its calibrated probability.")


class DigitResult(BaseModel):
    """The prediction for one shape of a picture."""

    model_config = ConfigDict(frozen=True)

    digit: Digit = Field(description="The most probable digit.")
    confidence: Probability = Field(description="Its calibrated probability.")
    accepted: bool = Field(
        description="Whether its confidence reaches the threshold; the shape is rejected otherwise."
    )
    box: Corners = Field(
        description="The shape's left, top, right and bottom in pixels of the upright picture."
    )
    second: SecondChoice = Field(description="The second most probable digit.")
    frame: str | None = Field(
        default=None,
        description="The 28x28 image of the shape that the network received, as a PNG data URL; "
        "only if frames are requested.",
    )
    probabilities: list[Probability] | None = Field(
        default=None,
        description="The calibrated probabilities of the digits 0 to 9; only if frames are "
        "requested. They sum to 1 minus the probability of a non-digit.",
    )

    @classmethod
    def from_digit(cls, digit: ReadDigit, *, frames: bool = False) -> Self:
        """Return the JSON of one shape, with its frame and ten probabilities if `frames`."""
        result = cls(
            digit=digit.digit,
            confidence=round(digit.confidence, DECIMALS),
            accepted=digit.accepted,
            box=astuple(digit.box),
            second=SecondChoice(
                digit=digit.second.digit, confidence=round(digit.second.confidence, DECIMALS)
            ),
        )
        if not frames:
            return result
        probabilities = [round(float(each), DECIMALS) for each in digit.probabilities]
        added = {"frame": png_data_url(digit.frame), "probabilities": probabilities}
        return result.model_copy(update=added)


class NumberResult(BaseModel):
    """A number of a picture."""

    model_config = ConfigDict(frozen=True)

    text: str = Field(
        description="Its digits and marks, with `?` for a digit that is rejected: `3.14`, `4?7`."
    )
    box: Corners = Field(
        description="Its left, top, right and bottom in pixels of the upright picture."
    )
    confidence: Probability = Field(
        description="The probability that the whole text is correct; a `?` stands for its most "
        "probable digit."
    )
    line: int = Field(ge=0, description="The line that it is in, from 0, from top to bottom.")

    @classmethod
    def from_number(cls, number: Number) -> Self:
        """Return the JSON of a number."""
        return cls(
            text=number.text,
            box=astuple(number.box),
            confidence=round(number.confidence, DECIMALS),
            line=number.line,
        )


class PictureResult(BaseModel):
    """What was read in one picture or page, or why it could not be read."""

    model_config = ConfigDict(frozen=True)

    file: Text = Field(description="The file's name, its index in a list of pictures, or `-`.")
    page: int = Field(
        default=1, ge=1, description="The page of a PDF or TIFF, from 1; 1 for other pictures."
    )
    text: str = Field(
        description="One line for each line of the picture; its numbers, separated by spaces."
    )
    confidence: Probability = Field(
        description="The probability that the whole text is correct, where a `?` stands for its "
        "most probable digit; 0 if there is none."
    )
    status: Literal["read", "empty", "no fit", "error"] = Field(
        description="`empty`: the picture contains no numbers; `no fit`: no number fits the "
        "length or the pattern; `error`: the picture cannot be read."
    )
    numbers: list[NumberResult] = Field(
        description="The numbers, line by line and from left to right."
    )
    digits: list[DigitResult] = Field(
        description="The digits of the numbers, in the same order, rejected ones included."
    )
    error: Text | None = Field(description="Why the picture cannot be read, in one sentence.")

    @classmethod
    def from_reading(
        cls, file: str, reading: Reading, *, page: int = 1, frames: bool = False
    ) -> Self:
        """Return the JSON of a picture that was read.

        Args:
            file: the name of the picture.
            reading: what was read in it.
            page: which page of the file it is, from 1.
            frames: whether to add the frame and the ten probabilities of each digit.
        """
        return cls(
            file=file,
            page=page,
            text=reading.text,
            confidence=round(reading.confidence, DECIMALS),
            status=reading.status,
            numbers=[NumberResult.from_number(number) for number in reading.numbers],
            digits=[DigitResult.from_digit(digit, frames=frames) for digit in reading.digits],
            error=None,
        )

    @classmethod
    def from_error(cls, file: str, error: object, *, page: int = 1) -> Self:
        """Return the JSON of a picture that cannot be read; `error` says why in one sentence."""
        return cls(
            file=file,
            page=page,
            text="",
            confidence=0,
            status="error",
            numbers=[],
            digits=[],
            error=str(error),
        )

    def to_dict(self) -> dict[str, object]:
        """Return the JSON object, without `frame` and `probabilities` unless they were added."""
        return self.model_dump(mode="json", exclude_unset=True)


def label_to_json(label: int) -> int | NonDigit:
    """Return a label as it stands in JSON: 0 to 9, or "non-digit" for NON_DIGIT (10)."""
    return "non-digit" if label == NON_DIGIT else label


def label_from_json(label: int | NonDigit) -> int:
    """Return a label that stands in JSON as a number: 0 to 9, or NON_DIGIT (10)."""
    return NON_DIGIT if isinstance(label, str) else label


def png_data_url(frame: NDArray[np.uint8]) -> str:
    """Return a frame (28, 28) uint8 as a PNG data URL."""
    file = io.BytesIO()
    Image.fromarray(frame).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
