import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from tendigits.evaluation.corruptions.marks import dotted_line, spatter, zigzag

PAPER = np.zeros((200, 28, 28), np.float32)


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def test_spatter_covers_the_given_share(random: np.random.Generator) -> None:
    assert (spatter(PAPER, 3, random) > 0).mean() == pytest.approx(0.12, abs=0.01)


def test_a_dotted_line_has_gaps_and_a_zigzag_has_none(random: np.random.Generator) -> None:
    assert np.median(_pieces(dotted_line(PAPER, 1, random))) > 3
    assert np.median(_pieces(zigzag(PAPER, 1, random))) <= 2


def test_each_strength_is_a_line_more(random: np.random.Generator) -> None:
    for draw in (dotted_line, zigzag):
        one, three = draw(PAPER, 1, random).mean(), draw(PAPER, 3, random).mean()
        assert 2 * one < three < 3.2 * one


def test_marks_only_add_ink(random: np.random.Generator) -> None:
    grey = np.full_like(PAPER, 0.5)
    for draw in (spatter, dotted_line, zigzag):
        assert draw(grey, 5, random).min() == 0.5


def _pieces(images: NDArray[np.float32]) -> list[int]:
    """Return of how many pieces, diagonal neighbours together, each image is."""
    return [ndimage.label(image > 0, np.ones((3, 3)))[1] for image in images]
