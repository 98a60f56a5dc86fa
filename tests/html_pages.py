"""An exported page in Chromium, driven as a script in it would be."""

import base64
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from tendigits.export import html_examples, html_page
from tendigits.export.html_page import make_page, write_page

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


def write_pages(folder: Path, names: Iterable[str]) -> dict[str, Path]:
    """Write pages of pretrained models, checked on few images; `make check-pages` uses all."""
    paths = {name: folder / f"{name}.html" for name in names}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html_page, "CHECK_IMAGES", 2_000)
        patch.setattr(html_page, "CHECK_PAGES", 2)
        for name, path in paths.items():
            patch.setattr(html_examples, "IMAGES", 2_000 if name == "reader" else 10_000)
            write_page(make_page(name), path)
    return paths


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
