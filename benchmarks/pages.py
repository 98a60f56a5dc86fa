"""Exported pages in Chromium, compared with Python on all test images, and timed.

python benchmarks/pages.py [FOLDER]

Pictures are those of FOLDER that a browser can show, or else 100 synthetic pages. Writes
`benchmarks/results/pages.json`. `make check-pages` sets PYTHONPATH.
"""

import argparse
import io
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page

from browser import chromium, draw_by_mouse, page_of, row
from html_pages import classify_in_page, read_in_page
from tables import RESULTS
from tendigits.classifiers import load_model_file
from tendigits.data import load_dataset
from tendigits.data.pages import synthetic_pages
from tendigits.export.html_page import make_page, write_page
from tendigits.files import write_json
from tendigits.reading import Reader
from tendigits.training import describe_environment

MODELS = ("tiny", "mlp", "reader")
SYNTHETIC_PAGES = 100
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
# From lifting the pen until the result of the whole stroke is shown, and how long readings take.
WATCH_STROKES = """() => {
  window.watched = { strokes: [], readings: [] };
  const [drawing, timing] = ['drawing', 'timing'].map((id) => document.getElementById(id));
  let lifted = 0;
  drawing.addEventListener('pointerdown', () => (lifted = 0));
  drawing.addEventListener('pointerup', (event) => {
    lifted = event.timeStamp;
    watched.strokes.push(0); // unless it is still being read, its result is there already
  });
  new MutationObserver(() => {
    const [milliseconds] = timing.textContent.match(/\\d+/) ?? [];
    if (!milliseconds) return; // the drawing was cleared
    watched.readings.push(Number(milliseconds));
    if (lifted) watched.strokes[watched.strokes.length - 1] = performance.now() - lifted;
  }).observe(timing, { childList: true });
}"""
ROWS, PAUSE_MS = 10, 300  # each row has five strokes, with pauses between them


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="pictures to read")
    folder, load = parser.parse_args().folder, os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        pages = [measure(browser, name, Path(place)) for name in MODELS]
        with page_of(browser, (Path(place) / "reader.html").as_uri()) as page:
            pictures = compare_pictures(page, folder)
        result = {
            "browser": f"Chromium {browser.version}",
            "environment": asdict(describe_environment()),
            "load": round(load, 1),
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
            **times_of_strokes(page),
        }
    print(result, flush=True)
    return result


def times_of_strokes(page: Page) -> dict[str, float]:
    """Return how long readings take while rows of digits are drawn, and until strokes are read."""
    page.evaluate(WATCH_STROKES)
    for _ in range(ROWS):
        for stroke in row():
            draw_by_mouse(page, [stroke])
            page.wait_for_timeout(PAUSE_MS)
        page.click("#clear")
    watched = page.evaluate("watched")
    return {
        f"{name}_{part}_ms": round(float(np.percentile(watched[times], rank)), 1)
        for name, times in (("reading", "readings"), ("stroke", "strokes"))
        for part, rank in (("median", 50), ("p95", 95))
    }


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
    described = "pictures of a folder" if folder else "synthetic pages"
    print(f"{equal} of {count} {described}")
    return {"name": described, "count": count, "equal": equal}


def pictures_of(folder: Path | None) -> Iterator[tuple[str, bytes, str]]:
    """Yield the name, content and media type of each picture that a browser can show."""
    if folder is None:
        for number, (picture, _, _) in enumerate(synthetic_pages(SYNTHETIC_PAGES, seed=1)):
            content = io.BytesIO()
            Image.fromarray(picture).save(content, "png")
            yield f"page {number}", content.getvalue(), "image/png"
        return
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in TYPES:
            yield path.name, path.read_bytes(), TYPES[path.suffix.lower()]


if __name__ == "__main__":
    main()
