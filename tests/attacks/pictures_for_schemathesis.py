"""Pictures for schemathesis, which loads this module as SCHEMATHESIS_HOOKS."""

import base64
import io
from functools import partial

import schemathesis
from hypothesis import strategies as st
from PIL import Image

from tendigits.data import load_dataset

FORMS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
DIGITS = load_dataset("mnist").test.images[:5]


def encoded(digit: int, form: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(DIGITS[digit]).save(file, form)
    return file.getvalue()


digits = st.integers(0, len(DIGITS) - 1)
schemathesis.openapi.format(
    "base64-image", digits.map(lambda digit: base64.b64encode(encoded(digit, "PNG")).decode())
)
schemathesis.openapi.format("binary", digits.map(lambda digit: encoded(digit, "PNG")))
for form in FORMS:
    schemathesis.openapi.media_type(
        f"image/{form.lower()}", digits.map(partial(encoded, form=form))
    )
