"""What `tendigits read` prints: a JSON object or a line for each picture."""

from tendigits.errors import PictureError
from tendigits.reading.reader import ReadDigit, Reading

Answer = dict[str, object]


def as_answer(file: str, reading: Reading | PictureError) -> Answer:
    """Return the JSON object of a picture that was read or rejected; its form is kept."""
    if isinstance(reading, PictureError):
        return error_answer(file, str(reading))
    return {
        "file": file,
        "text": reading.text,
        "status": reading.status,
        "digits": [_digit_answer(digit) for digit in reading.digits],
        "error": None,
    }


def error_answer(file: str, sentence: str) -> Answer:
    """Return the JSON object of a picture that was rejected; `sentence` says why."""
    return {"file": file, "text": "", "status": "error", "digits": [], "error": sentence}


def as_line(file: str, reading: Reading) -> str:
    """Return a picture's text, its confidence and its name."""
    if reading.status == "empty":
        return f"{'(empty)':<10} {'':>5}  {file}"
    return f"{reading.text:<10} {reading.confidence:.3f}  {file}"


def _digit_answer(digit: ReadDigit) -> Answer:
    box = digit.box
    return {
        "digit": digit.digit,
        "confidence": round(digit.confidence, 6),
        "accepted": digit.accepted,
        "box": [box.left, box.top, box.right, box.bottom],
        "second": {
            "digit": digit.second.digit,
            "confidence": round(digit.second.confidence, 6),
        },
    }
