"""An exported page in Chromium, driven as a script in it would be."""

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

# Playwright's own waiting evaluates a string in the page, which the page does not permit.
WAIT = """async () => {
  while (!window.tendigits) await new Promise((done) => setTimeout(done, 20));
}"""
READ_FILE = """async ([text, type]) => {
  const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  return (await tendigits.readFile(new Blob([bytes], { type }))).result;
}"""
CLASSIFY = """async (text) => {
  const frames = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  return await tendigits.ask('classifyAll', { frames });
}"""


def read_in_page(page: Page, picture: bytes, media_type: str = "image/png") -> Mapping[str, Any]:
    """Return what the page reads in a picture: its text, numbers and digits."""
    page.evaluate(WAIT)
    result: Mapping[str, Any] = page.evaluate(
        READ_FILE, [base64.b64encode(picture).decode(), media_type]
    )
    return result


def classify_in_page(page: Page, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the probabilities (n, 10) that the page computes for images (n, 28, 28)."""
    page.evaluate(WAIT)
    text = base64.b64encode(images.tobytes()).decode()
    return np.array(page.evaluate(CLASSIFY, text), np.float32)
