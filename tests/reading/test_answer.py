import numpy as np

from tendigits import PictureError, Reading
from tendigits.images import Box
from tendigits.reading import Guess, ReadDigit
from tendigits.reading.answer import as_answer, as_line

FRAME = np.zeros((28, 28), np.uint8)
SURE = ReadDigit(7, 0.998, True, Box(1, 2, 30, 40), Guess(1, 0.001), FRAME)
REJECTED = ReadDigit(4, 0.2, False, Box(50, 2, 70, 40), Guess(9, 0.1), FRAME)


def test_a_reading_becomes_the_object_whose_form_is_kept() -> None:
    answer = as_answer("a.png", Reading((SURE, REJECTED)))
    assert (answer["file"], answer["text"], answer["status"]) == ("a.png", "7?", "read")
    assert answer["digits"] == [
        {
            "digit": 7,
            "confidence": 0.998,
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
    ]
    assert answer["error"] is None


def test_a_blank_picture_and_an_error_have_the_same_form() -> None:
    blank, error = (
        as_answer("b.png", Reading(())),
        as_answer("c.png", PictureError("It is broken.")),
    )
    assert (blank["text"], blank["status"], blank["digits"]) == ("", "empty", [])
    assert (error["text"], error["status"], error["error"]) == ("", "error", "It is broken.")
    assert list(blank) == list(error)


def test_a_line_names_the_text_the_confidence_and_the_file() -> None:
    assert as_line("a.png", Reading((SURE, SURE))).split() == ["77", "0.996", "a.png"]
    assert as_line("a.png", Reading((REJECTED,))).split() == ["?", "0.000", "a.png"]
    assert as_line("a.png", Reading(())).split() == ["(empty)", "a.png"]
