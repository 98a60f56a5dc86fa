"""Pictures and options for schemathesis, which loads this module as SCHEMATHESIS_HOOKS."""

import base64
import io
from functools import partial
from typing import Any

import pillow_heif
import schemathesis
from hypothesis import strategies as st
from PIL import Image

from tendigits.data import load_dataset

pillow_heif.register_heif_opener()
FORMS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "HEIC")
DIGITS = load_dataset("mnist").test.images[:5]


def encoded(digit: int, form: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(DIGITS[digit]).save(file, "HEIF" if form == "HEIC" else form)
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
schemathesis.openapi.media_type("application/pdf", digits.map(partial(encoded, form="PDF")))
schemathesis.openapi.format("number-length", st.sampled_from(["1", "3-6", "100"]))
schemathesis.openapi.format("number-pattern", st.sampled_from(["7", r"\d+", "[0-9]{2}[.,][0-9]"]))


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: "schemathesis.Case[Any]") -> bool:
    """Give at most one of the options that exclude each other."""
    del context
    query = case.query or {}
    return sum(query.get(name) not in (None, False) for name in ("length", "pattern", "table")) < 2
