import numpy as np
import pytest
from PIL import Image, ImageDraw

from tendigits.images.quadrilateral import quadrilateral_of


def polygon(*corners: tuple[int, int]) -> np.ndarray:
    image = Image.new("1", (200, 150))
    ImageDraw.Draw(image).polygon(corners, fill=1)
    return np.asarray(image)


@pytest.mark.parametrize(
    "corners",
    [
        ((20, 20), (180, 20), (180, 130), (20, 130)),
        ((60, 10), (190, 40), (150, 140), (10, 100)),
        ((100, 5), (195, 75), (100, 145), (5, 75)),
    ],
)
def test_four_corners_are_found_however_they_lie(corners: tuple[tuple[int, int], ...]) -> None:
    figure = polygon(*corners)
    found = quadrilateral_of(figure)
    assert found is not None
    assert (found & figure).sum() / (found | figure).sum() > 0.95


def test_an_ellipse_has_no_corners() -> None:
    image = Image.new("1", (200, 150))
    ImageDraw.Draw(image).ellipse((20, 20, 180, 130), fill=1)
    assert quadrilateral_of(np.asarray(image)) is None
