"""Exported pages in Chromium, compared with Python on all test images, and timed.

python benchmarks/pages.py [FOLDER]

Pictures are those of FOLDER, or else 100 made pages. Writes `benchmarks/results/pages.json`.
`make check-pages` sets PYTHONPATH.
"""

import argparse
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page

from browser import chromium, page_of
from html_pages import classify_in_page, read_in_page
from tables import RESULTS
from tendigits.classifiers import load_model_file
from tendigits.data import load_dataset
from tendigits.data.pages import made_pages
from tendigits.export.html_page import make_page, write_page
from tendigits.files import write_json
from tendigits.reading import Reader

MODELS = ("tiny", "mlp", "reader")
MADE_PAGES = 100
TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}
CHUNK = 500  # images per call
TIME_CLASSIFIER = """async () => {
  const times = [];
  for (let each = 0; each < 60; each += 1) {
    const frame = Uint8Array.from({ length: 784 }, (_, at) => (at * (each + 3)) % 256);
    const start = performance.now();
    await tendigits.ask('classify', { frame });
    times.push(performance.now() - start);
  }
  return times.sort((one, other) => one - other)[30];
}"""
TIME_READING = """async () => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [380, 280];
  const context = canvas.getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, 380, 280);
  Object.assign(context, { lineWidth: 15, lineCap: 'round', strokeStyle: 'black' });
  for (let each = 0; each < 4; each += 1) {
    context.beginPath();
    context.moveTo(40 + 90 * each, 100);
    context.lineTo(80 + 90 * each, 100);
    context.lineTo(55 + 90 * each, 190);
    context.stroke();
  }
  const pixels = context.getImageData(0, 0, 380, 280).data;
  const times = [];
  for (let each = 0; each < 60; each += 1) {
    const start = performance.now();
    await tendigits.ask('read', { pixels, width: 380, height: 280, isJpeg: false });
    times.push(performance.now() - start);
  }
  return times.sort((one, other) => one - other)[30];
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="pictures to read")
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        pages = [measure(browser, name, Path(place)) for name in MODELS]
        with page_of(browser, (Path(place) / "reader.html").as_uri()) as page:
            pictures = compare_pictures(page, folder)
        result = {
            "browser": f"Chromium {browser.version}",
            "images": len(load_dataset("mnist").test),
            "pages": pages,
            "pictures": pictures,
        }
    write_json(RESULTS / "pages.json", result)


def measure(browser: Browser, name: str, place: Path) -> dict[str, Any]:
    """Return the size, agreement and speed of a pretrained model's page."""
    path = place / f"{name}.html"
    write_page(make_page(name), path)
    images = load_dataset("mnist").test.images
    expected = load_model_file(name).predict(images).probabilities
    with page_of(browser, path.as_uri()) as page:
        parts = np.split(images, range(CHUNK, len(images), CHUNK))
        found = np.concatenate([classify_in_page(page, part) for part in parts])
        result = {
            "name": name,
            "bytes": path.stat().st_size,
            "agreement": float((found.argmax(axis=1) == expected.argmax(axis=1)).mean()),
            "difference": float(np.abs(found - expected).max()),
            "classify_ms": page.evaluate(TIME_CLASSIFIER),
            "read_ms": page.evaluate(TIME_READING),
        }
    print(result, flush=True)
    return result


def compare_pictures(page: Page, folder: Path | None) -> dict[str, Any]:
    """Return for how many pictures the page reads the same text as Python."""
    reader = Reader()
    equal = count = 0
    for name, content, media_type in pictures_of(folder):
        expected, found = reader.read(content).text, read_in_page(page, content, media_type)["text"]
        count += 1
        equal += found == expected
        if found != expected:
            print(f"{name}: {found!r} in the page, {expected!r} in Python", flush=True)
    described = "pictures of a folder" if folder else "made pages"
    print(f"{equal} of {count} {described}")
    return {"name": described, "count": count, "equal": equal}


def pictures_of(folder: Path | None) -> Iterator[tuple[str, bytes, str]]:
    """Yield the name, content and media type of each picture that a browser can show."""
    if folder is None:
        for number, (picture, _, _) in enumerate(made_pages(MADE_PAGES, seed=1)):
            content = io.BytesIO()
            Image.fromarray(picture).save(content, "png")
            yield f"page {number}", content.getvalue(), "image/png"
        return
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in TYPES:
            yield path.name, path.read_bytes(), TYPES[path.suffix.lower()]


if __name__ == "__main__":
    main()
