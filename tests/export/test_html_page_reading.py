"""The page's JavaScript that groups characters into numbers, compared with Python's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from browser import page_of
from tendigits.export import html_page
from tendigits.export.html_bundle import bundled
from tendigits.export.html_page import constants_of_page
from tendigits.images import Box
from tendigits.images.finder import CHARACTERS, DIGIT_CLASSES
from tendigits.reading.characters import Character
from tendigits.reading.numbers import group_numbers

PAGES = 300
THRESHOLD = 0.6
GROUP = """([pages, threshold]) => {
  const typed = (each) => ({ box: each.box, probabilities: new Float32Array(each.probabilities) });
  return pages.map((characters) => groupNumbers(characters.map(typed), threshold));
}"""


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    folder = Path(html_page.__file__).parent / "page"
    entry = tmp_path / "entry.js"
    entry.write_text(
        f"import {{ setConstants }} from '{folder / 'constants.js'}';\n"
        f"import {{ groupNumbers }} from '{folder / 'spelling.js'}';\n"
        "Object.assign(window, { setConstants, groupNumbers });\n"
    )
    with page_of(browser, "about:blank") as opened:
        opened.add_script_tag(content=bundled(entry))
        opened.evaluate("constants => setConstants(constants)", constants_of_page())
        yield opened


def test_uncertain_characters_are_grouped_into_the_numbers_of_python(page: Page) -> None:
    pages = [uncertain_characters(seed) for seed in range(PAGES)]
    given = [[as_json(each) for each in characters] for characters in pages]
    found = page.evaluate(GROUP, [given, THRESHOLD])
    texts = []
    for characters, numbers in zip(pages, found, strict=True):
        expected = group_numbers(characters, THRESHOLD)
        texts += [each.number.text for each in expected]
        assert [each["text"] for each in numbers] == [each.number.text for each in expected]
        for number, own in zip(expected, numbers, strict=True):
            assert (own["indices"], own["line"]) == (list(number.indices), number.number.line)
            assert own["confidence"] == pytest.approx(number.number.confidence, rel=1e-4, abs=1e-9)
    assert {"?", ".", "-"} < {symbol for text in texts for symbol in text}


def uncertain_characters(seed: int) -> list[Character]:
    """Return characters in leaning lines, each of which may be several digits or marks."""
    random = np.random.default_rng(seed)
    slope, height = random.uniform(-0.2, 0.2), random.uniform(20, 40)
    characters = []
    for line in range(random.integers(1, 4)):
        left = random.uniform(0, 40)
        for _ in range(random.integers(1, 8)):
            is_mark = random.random() < 0.3
            tall = height * (random.uniform(0.1, 0.4) if is_mark else random.uniform(0.8, 1.2))
            wide = random.uniform(0.15, 0.8) * height
            base = (1 + 1.6 * line) * height + slope * left + random.uniform(-3, 3)
            bottom = base - random.choice([0.0, 0.4]) * height * is_mark
            box = Box(int(left), int(bottom - tall), int(left + wide) + 1, int(bottom) + 1)
            characters.append(Character(box, _probabilities(random, is_mark=is_mark)))
            left += wide + random.exponential(0.4) * height
    return [characters[at] for at in random.permutation(len(characters))]


def _probabilities(random: np.random.Generator, *, is_mark: bool) -> "np.ndarray[Any, Any]":
    """Return the probabilities of all characters; half of them have one that is large."""
    digits, marks = random.dirichlet([0.2] * DIGIT_CLASSES), random.dirichlet([0.3] * 5)
    rather = random.uniform(0.6, 1)
    parts = (1 - rather, rather) if is_mark else (rather, 1 - rather)
    probabilities = np.concatenate([parts[0] * digits, parts[1] * marks]) * random.uniform(0.3, 1)
    assert len(probabilities) == len(CHARACTERS)
    return probabilities.astype(np.float32)


def as_json(character: Character) -> Mapping[str, Sequence[float]]:
    return {"box": astuple(character.box), "probabilities": character.probabilities.tolist()}
