import numpy as np
import pytest
from numpy.typing import NDArray

from paper import drawn, on_paper
from tendigits.data import Dataset
from tendigits.images import decode, find_ink


def overlap(mask: NDArray[np.bool_], ink: NDArray[np.float32]) -> float:
    """Return the intersection over the union with what was drawn."""
    truth = ink > 0.5
    return float((mask & truth).sum() / (mask | truth).sum())


@pytest.fixture(scope="module")
def inks(mnist: Dataset) -> list[NDArray[np.float32]]:
    return [drawn(image, 8) for image in mnist.test.images[:10]]


@pytest.mark.parametrize(
    ("paper", "pen"),
    [
        ((1.0, 1.0, 1.0), (0.0, 0.0, 0.0)),
        ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
        ((0.9, 0.85, 0.7), (0.1, 0.2, 0.6)),
        ((0.9, 0.9, 0.9), (0.8, 0.1, 0.1)),
        ((0.3, 0.3, 0.3), (0.9, 0.9, 0.5)),
        ((1.0, 1.0, 1.0), (0.0, 1.0, 1.0)),
    ],
)
def test_ink_of_any_colour_on_any_paper_is_found(
    inks: list[NDArray[np.float32]],
    paper: tuple[float, float, float],
    pen: tuple[float, float, float],
) -> None:
    found = [overlap(find_ink(decode(on_paper(ink, paper, pen))).mask, ink) for ink in inks]
    assert min(found) > 0.6


@pytest.mark.parametrize(("shadow", "noise"), [(0.3, 0.0), (0.6, 0.0), (0.0, 0.05), (0.5, 0.03)])
def test_shadows_and_noise_are_not_taken_for_ink(
    inks: list[NDArray[np.float32]], shadow: float, noise: float
) -> None:
    pictures = [on_paper(ink, shadow=shadow, noise=noise, seed=n) for n, ink in enumerate(inks)]
    found = [
        overlap(find_ink(decode(each)).mask, ink) for each, ink in zip(pictures, inks, strict=True)
    ]
    assert min(found) > 0.55


@pytest.mark.parametrize(("shadow", "noise"), [(0.0, 0.0), (0.4, 0.0), (0.0, 0.05), (0.3, 0.03)])
def test_a_blank_page_holds_no_ink(shadow: float, noise: float) -> None:
    blank = on_paper(np.zeros((200, 300), np.float32), shadow=shadow, noise=noise)
    assert find_ink(decode(blank)).mask.mean() < 0.01


def test_mnists_own_images_keep_their_grey_levels(mnist: Dataset) -> None:
    for image in mnist.test.images[:20]:
        levels = find_ink(decode(image)).levels
        assert np.abs(levels - image / 255).mean() < 0.05
