"""The form of every answer, for OpenAPI; `reading/answer.py` makes those of pictures."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from tendigits.data import NON_DIGIT


def _as_json_counts(value: object) -> object:
    """Take 3.0 for 3, as JSON has one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


AS_JSON_COUNTS = BeforeValidator(_as_json_counts)
Digit = Annotated[int, Field(ge=0, le=9, description="A digit."), AS_JSON_COUNTS]
Probability = Annotated[float, Field(ge=0, le=1)]
NonDigit = Literal["non-digit"]


def label_in_words(label: int) -> int | NonDigit:
    """Return a label as answers and requests have it: a digit, or words for what is none."""
    return "non-digit" if label == NON_DIGIT else label


class SecondAnswer(BaseModel):
    """The next probable class."""

    digit: Digit
    confidence: Probability = Field(description="Its calibrated probability.")


class DigitAnswer(BaseModel):
    """One shape of a picture, read."""

    digit: Digit = Field(description="The most probable class.")
    confidence: Probability = Field(description="Its calibrated probability.")
    accepted: bool = Field(description="Whether it is taken for a digit at all.")
    box: tuple[int, int, int, int] = Field(
        description="Left, top, right, bottom in the pixels of the picture, upright."
    )
    second: SecondAnswer = Field(description="The next probable class.")
    frame: str | None = Field(
        None, description="With `frames=1`: the 28x28 frame that the network saw, a PNG data URL."
    )
    probabilities: list[Probability] | None = Field(
        None,
        description="With `frames=1`: the calibrated probability of each digit from 0 to 9; what "
        "they lack to 1 is that of `no digit`.",
    )


class PictureAnswer(BaseModel):
    """A picture, read: what `tendigits read --json` prints."""

    file: str = Field(description="The file's name, its number in a list, or `-`.")
    text: str = Field(description="One character a shape; `?` where it is rejected.")
    status: Literal["read", "empty", "error"] = Field(
        description="`empty`: there is nothing in the picture; `error`: it cannot be read."
    )
    digits: list[DigitAnswer] = Field(
        description="The shapes, line by line and from left to right."
    )
    error: str | None = Field(description="What is wrong with the picture, in one sentence.")


class OcclusionAnswer(BaseModel):
    """How an answer depends on the places of a frame."""

    answer: Digit | NonDigit = Field(description="The most probable answer.")
    confidence: Probability = Field(description="Its calibrated probability.")
    patch: int = Field(description="How many pixels wide and high the patch is that is hidden.")
    step: int = Field(description="By how many pixels the patch moves.")
    hidden: list[list[Probability]] = Field(
        description="The answer's probability with each patch hidden, row by row; a patch lies "
        "around a square of `step` times `step` pixels."
    )


class CorrectionAnswer(BaseModel):
    """A correction that is stored."""

    id: int = Field(description="Its number.")
    key: str = Field(description="The name that the client gave it.")
    read: Digit | NonDigit = Field(description="What was read.")
    correct: Digit | NonDigit = Field(description="What it should have been.")
    frame: str = Field(description="The 28x28 frame, a PNG data URL.")
    model: str = Field(description="The model that the server read with, and its SHA-256's start.")
    created: datetime = Field(description="When it was stored.")


class CorrectionsPage(BaseModel):
    """Some of the corrections, the newest first."""

    corrections: list[CorrectionAnswer] = Field(description="Those of this page.")
    total: int = Field(description="How many there are in all.")
    next: int | None = Field(
        description="Give this as `before` to get the next page; null on the last one."
    )


class BinAnswer(BaseModel):
    """Test answers of about one confidence."""

    answers: int = Field(description="How many.")
    confidence: Probability = Field(description="The mean of their probabilities.")
    accuracy: Probability = Field(description="The share of right ones.")


class ReportAnswer(BaseModel):
    """What the full report says of the model on the test set."""

    confusion: list[list[int]] = Field(
        description="How many images of each digit (row) were taken for each digit (column)."
    )
    negative_log_likelihood: float = Field(description="In nats, with the temperature.")
    calibration_error: float = Field(description="The ECE over 15 bins, with the temperature.")
    bins: list[BinAnswer] = Field(description="The calibration curve, from unsure to sure.")


class HealthAnswer(BaseModel):
    """How the server is."""

    status: Literal["ok"] = Field(description="Always `ok`; a problem is sent otherwise.")


class ReloadAnswer(BaseModel):
    """The model that is read with from now on."""

    model: str = Field(description="Its name, and its SHA-256's start.")
