"""The confidence of a whole picture, on made pages by writers that no finder is trained on."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tendigits import Reader
from tendigits.data.pages import made_pages
from tendigits.evaluation.pictures import most_probable_text

PAGES, SEED = 200, 23


@pytest.fixture(scope="module")
def read() -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """For each page on which something is read: confidence, correctness, and whether it has ?."""
    reader, found = Reader(threads=1), []
    for picture, text, _ in made_pages(PAGES, SEED):
        reading = reader.read(picture)
        if reading.numbers:
            is_correct = most_probable_text(reading) == text.replace("\n", "")
            found.append((reading.confidence, is_correct, "?" in reading.text))
    confidences, correct, unclear = zip(*found, strict=True)
    return np.array(confidences), np.array(correct), np.array(unclear)


def test_confidence_of_a_page_is_how_often_its_whole_text_is_right(
    read: tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]],
) -> None:
    confidences, correct, _ = read
    assert len(confidences) > PAGES / 2
    # In each of four bins, within a systematic 0.08 and three standard errors of the bin.
    edges = np.quantile(confidences, [0.25, 0.5, 0.75])
    for number in range(4):
        chosen = np.digitize(confidences, edges) == number
        expected = confidences[chosen]
        error = np.sqrt((expected * (1 - expected)).sum()) / len(expected)
        assert abs(expected.mean() - correct[chosen].mean()) < 0.08 + 3 * error
    assert correct[confidences > 0.95].mean() > 0.9


def test_page_with_a_rejected_digit_is_never_confident(
    read: tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]],
) -> None:
    confidences, _, unclear = read
    assert unclear.sum() > 5
    assert confidences[unclear].max() < 0.9
    assert confidences[unclear].mean() < confidences[~unclear].mean() - 0.3
