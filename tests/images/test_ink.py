import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from paper import drawn, on_paper, row
from tendigits.data import Dataset
from tendigits.images import decode, find_ink
from tendigits.images.ink import Polarity, find_polarity


def overlap(mask: NDArray[np.bool_], ink: NDArray[np.float32]) -> float:
    """Return the intersection over union with the ink that was drawn."""
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
def test_shadows_and_noise_are_not_ink(
    inks: list[NDArray[np.float32]], shadow: float, noise: float
) -> None:
    pictures = [on_paper(ink, shadow=shadow, noise=noise, seed=n) for n, ink in enumerate(inks)]
    found = [
        overlap(find_ink(decode(each)).mask, ink) for each, ink in zip(pictures, inks, strict=True)
    ]
    assert min(found) > 0.55


@pytest.mark.parametrize(("shadow", "noise"), [(0.0, 0.0), (0.4, 0.0), (0.0, 0.05), (0.3, 0.03)])
def test_blank_page_has_no_ink(shadow: float, noise: float) -> None:
    blank = on_paper(np.zeros((200, 300), np.float32), shadow=shadow, noise=noise)
    assert find_ink(decode(blank)).mask.mean() < 0.01


def test_mnist_images_keep_their_grey_levels(mnist: Dataset) -> None:
    for image in mnist.test.images[:20]:
        levels = find_ink(decode(image)).levels
        assert np.abs(levels - image / 255).mean() < 0.05


def polarity_of(pixels: NDArray[np.uint8]) -> Polarity:
    grey = decode(pixels).grey.astype(np.float32) / np.float32(255)
    return find_polarity(np.repeat(grey[..., np.newaxis], 3, axis=2))


@pytest.fixture(scope="module")
def padded_inks(mnist: Dataset) -> list[NDArray[np.float32]]:
    return [np.pad(drawn(image, 6), 20) for image in mnist.test.images[:12]]


@pytest.mark.parametrize("brush", [1, 9, 25])
def test_drawings_with_any_brush_have_even_paper(
    padded_inks: list[NDArray[np.float32]], brush: int
) -> None:
    for ink in padded_inks:
        broad = ndimage.grey_dilation((ink > 0.5).astype(np.float32), size=(brush, brush))
        white = (1, 1, 1), (0, 0, 0)
        for paper, pen in (white, white[::-1]):
            found = polarity_of(on_paper(broad, paper, pen))
            assert found == Polarity(dark_on_light=paper == (1, 1, 1), even=True)


def test_ink_is_dark_under_a_hard_shadow(padded_inks: list[NDArray[np.float32]]) -> None:
    for ink in padded_inks:
        picture = on_paper(ink).astype(np.float32)
        rows, columns = np.indices(ink.shape) / len(ink)
        light = ndimage.gaussian_filter(np.where(columns + 0.6 * rows > 0.7, 0.55, 1.0), 3)
        found = polarity_of((picture * light[..., None]).astype(np.uint8))
        assert found == Polarity(dark_on_light=True, even=False)


def test_ink_is_dark_on_a_sheet_on_a_dark_desk(mnist: Dataset) -> None:
    for start in range(0, 40, 4):
        sheet = on_paper(row(mnist.test.images[start : start + 4]))
        desk = np.full((len(sheet) + 160, sheet.shape[1] + 200, 3), (90, 60, 30), np.uint8)
        desk[70 : 70 + len(sheet), 90 : 90 + sheet.shape[1]] = sheet
        assert polarity_of(desk).dark_on_light


def test_paper_is_uneven_in_light_from_one_side(padded_inks: list[NDArray[np.float32]]) -> None:
    for ink in padded_inks:
        assert polarity_of(on_paper(ink, shadow=0.5)) == Polarity(dark_on_light=True, even=False)
