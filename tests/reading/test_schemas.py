import base64
import io
import json

import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter, ValidationError

from tendigits import PictureError, Reading
from tendigits.data import NON_DIGIT
from tendigits.images import Box
from tendigits.reading import ReadDigit, SecondChoice
from tendigits.reading.numbers import Number
from tendigits.reading.schemas import (
    Digit,
    PictureResult,
    label_from_json,
    label_to_json,
    png_data_url,
)

FRAME = np.arange(784, dtype=np.uint16).reshape(28, 28).astype(np.uint8)
PROBABILITIES = np.array([0, 0.001, 0, 0, 0, 0, 0, 0.9987654321, 0, 0], np.float32)
SEVEN = ReadDigit(
    7, 0.9987654321, True, Box(1, 2, 30, 40), SecondChoice(1, 0.001), FRAME, PROBABILITIES
)
REJECTED = ReadDigit(4, 0.2, False, Box(50, 2, 70, 40), SecondChoice(9, 0.1), FRAME, PROBABILITIES)
NUMBERS = (
    Number("-7.?", Box(0, 2, 70, 40), 0.9, line=0),
    Number("5", Box(1, 60, 20, 90), 0.8, line=1),
)
READING = Reading((SEVEN, REJECTED), NUMBERS)


def test_json_of_a_reading_has_these_keys_in_this_order() -> None:
    result = PictureResult.from_reading("a.pdf", READING, page=2)
    assert json.dumps(result.to_dict()) == json.dumps(
        {
            "file": "a.pdf",
            "page": 2,
            "text": "-7.?\n5",
            "confidence": 0.72,
            "status": "read",
            "numbers": [
                {"text": "-7.?", "box": [0, 2, 70, 40], "confidence": 0.9, "line": 0},
                {"text": "5", "box": [1, 60, 20, 90], "confidence": 0.8, "line": 1},
            ],
            "digits": [
                {
                    "digit": 7,
                    "confidence": 0.998765,
                    "accepted": True,
                    "box": [1, 2, 30, 40],
                    "second": {"digit": 1, "confidence": 0.001},
                },
                {
                    "digit": 4,
                    "confidence": 0.2,
                    "accepted": False,
                    "box": [50, 2, 70, 40],
                    "second": {"digit": 9, "confidence": 0.1},
                },
            ],
            "error": None,
        }
    )


def test_frames_and_probabilities_are_added_on_request() -> None:
    result = PictureResult.from_reading("a.png", Reading((SEVEN,)), frames=True)
    (digit,) = json.loads(json.dumps(result.to_dict()))["digits"]
    assert list(digit)[-2:] == ["frame", "probabilities"]
    assert digit["probabilities"] == [0, 0.001, 0, 0, 0, 0, 0, 0.998765, 0, 0]
    kind, _, content = digit["frame"].partition(",")
    assert kind == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(content))) as image:
        np.testing.assert_array_equal(np.asarray(image), FRAME)


@pytest.mark.parametrize("frames", [False, True])
def test_json_text_is_valid_against_the_schema(frames: bool) -> None:
    result = PictureResult.from_reading("a.png", READING, frames=frames)
    text = result.model_dump_json(exclude_unset=True)
    assert PictureResult.model_validate_json(text, strict=True, extra="forbid") == result
    assert json.loads(text) == result.to_dict()


def test_blank_pictures_and_errors_have_the_same_keys() -> None:
    blank = PictureResult.from_reading("b.png", Reading(())).to_dict()
    error = PictureResult.from_error("c.png", PictureError("It is broken.")).to_dict()
    assert (blank["text"], blank["status"], blank["digits"]) == ("", "empty", [])
    assert (error["text"], error["status"], error["error"]) == ("", "error", "It is broken.")
    assert blank["confidence"] == error["confidence"] == 0
    assert list(blank) == list(error) == list(PictureResult.model_fields)


def test_status_says_whether_a_pattern_was_given() -> None:
    for has_pattern, status in ((False, "empty"), (True, "no fit")):
        reading = Reading((), has_pattern=has_pattern)
        assert PictureResult.from_reading("b.png", reading).status == status


def test_file_names_that_are_not_utf_8_are_escaped() -> None:
    name = b"\xff.png".decode("utf-8", "surrogateescape")
    result = PictureResult.from_error(name, f"{name} cannot be read.")
    assert (result.file, result.error) == ("\\udcff.png", "\\udcff.png cannot be read.")


def test_labels_are_numbers_or_non_digit() -> None:
    assert [label_to_json(label) for label in (0, 9, NON_DIGIT)] == [0, 9, "non-digit"]
    assert [label_from_json(label) for label in (0, 9, "non-digit")] == [0, 9, NON_DIGIT]


def test_digits_are_whole_numbers_from_0_to_9() -> None:
    digit = TypeAdapter[int](Digit)
    assert [digit.validate_python(value) for value in (0, 9, 3.0)] == [0, 9, 3]
    for value in (-1, 10, 3.5, "x", None):
        with pytest.raises(ValidationError):
            digit.validate_python(value)


def test_data_url_is_a_png_of_the_frame() -> None:
    content = base64.b64decode(png_data_url(FRAME).removeprefix("data:image/png;base64,"))
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.mode) == ("PNG", "L")
