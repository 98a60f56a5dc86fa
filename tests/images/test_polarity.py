import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from paper import drawn, on_paper, row
from tendigits.data import Dataset
from tendigits.images import decode
from tendigits.images.polarity import Polarity, find_polarity


def polarity(pixels: NDArray[np.uint8]) -> Polarity:
    return find_polarity(decode(pixels).pixels)


@pytest.fixture(scope="module")
def inks(mnist: Dataset) -> list[NDArray[np.float32]]:
    return [np.pad(drawn(image, 6), 20) for image in mnist.test.images[:12]]


@pytest.mark.parametrize("brush", [1, 9, 25])
def test_drawings_with_any_pen_have_even_paper(inks: list[NDArray[np.float32]], brush: int) -> None:
    for ink in inks:
        broad = ndimage.grey_dilation((ink > 0.5).astype(np.float32), size=(brush, brush))
        white = (1, 1, 1), (0, 0, 0)
        for paper, pen in (white, white[::-1]):
            found = polarity(on_paper(broad, paper, pen))
            assert found == Polarity(dark_on_light=paper == (1, 1, 1), even=True)


def test_a_hard_shadow_leaves_dark_ink_dark(inks: list[NDArray[np.float32]]) -> None:
    for ink in inks:
        picture = on_paper(ink).astype(np.float32)
        rows, columns = np.indices(ink.shape) / len(ink)
        light = ndimage.gaussian_filter(np.where(columns + 0.6 * rows > 0.7, 0.55, 1.0), 3)
        found = polarity((picture * light[..., None]).astype(np.uint8))
        assert found == Polarity(dark_on_light=True, even=False)


def test_a_sheet_on_a_darker_table_has_dark_ink_on_it(mnist: Dataset) -> None:
    for start in range(0, 40, 4):
        sheet = on_paper(row(mnist.test.images[start : start + 4]))
        table = np.full((len(sheet) + 160, sheet.shape[1] + 200, 3), (90, 60, 30), np.uint8)
        table[70 : 70 + len(sheet), 90 : 90 + sheet.shape[1]] = sheet
        assert polarity(table).dark_on_light


def test_light_from_one_side_makes_uneven_paper(inks: list[NDArray[np.float32]]) -> None:
    for ink in inks:
        assert polarity(on_paper(ink, shadow=0.5)) == Polarity(dark_on_light=True, even=False)
