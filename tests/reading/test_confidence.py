"""The confidence of a whole picture, on synthetic pages by writers that no finder is trained on."""

from dataclasses import dataclass

import numpy as np
import pytest

from tendigits import Reader
from tendigits.data.pages import synthetic_pages
from tendigits.evaluation.picture_metrics import most_probable_text
from tendigits.images.finder import MARKS

PAGES, SEED = 200, 23
WITHOUT_MARKS = str.maketrans("", "", MARKS)


@dataclass(frozen=True)
class ReadPage:
    """What was read on a page, and what is on it, both without spaces."""

    read: str
    text: str
    confidence: float
    has_rejected: bool

    @property
    def is_correct(self) -> bool:
        return self.read == self.text


@pytest.fixture(scope="module")
def pages() -> list[ReadPage]:
    """The pages on which something was read; each ? is its most probable digit."""
    reader, found = Reader(threads=1), []
    for picture, text, _ in synthetic_pages(PAGES, SEED):
        reading = reader.read(picture)
        if reading.numbers:
            read, is_unclear = most_probable_text(reading), "?" in reading.text
            found.append(ReadPage(read, text.replace("\n", ""), reading.confidence, is_unclear))
    return found


def test_confidence_of_a_page_is_how_often_its_whole_text_is_right(pages: list[ReadPage]) -> None:
    assert len(pages) > PAGES / 2
    confidences = np.array([page.confidence for page in pages])
    correct = np.array([page.is_correct for page in pages])
    # In each of four bins, within a systematic 0.08 and three standard errors of the bin.
    bins = np.digitize(confidences, np.quantile(confidences, [0.25, 0.5, 0.75]))
    for number in range(4):
        expected = confidences[bins == number]
        error = np.sqrt((expected * (1 - expected)).sum()) / len(expected)
        assert abs(expected.mean() - correct[bins == number].mean()) < 0.08 + 3 * error
    assert correct[confidences > 0.95].mean() > 0.9


def test_page_with_a_rejected_digit_is_never_confident(pages: list[ReadPage]) -> None:
    unclear = [page.confidence for page in pages if page.has_rejected]
    clear = [page.confidence for page in pages if not page.has_rejected]
    assert len(unclear) > 5
    assert max(unclear) < 0.9
    assert np.mean(unclear) < np.mean(clear) - 0.3


def test_page_whose_marks_are_misread_is_not_confident(pages: list[ReadPage]) -> None:
    marked = [page for page in pages if page.text.translate(WITHOUT_MARKS) != page.text]
    assert sum(page.is_correct for page in marked) > 5
    assert sum(page.confidence > 0.9 and not page.is_correct for page in marked) <= 1
