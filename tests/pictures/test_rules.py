import numpy as np
import pytest

from paper import on_paper, row
from tendigits.datasets import Dataset
from tendigits.pictures import Shape, decode, find_ink, find_shapes
from tendigits.pictures.rules import without_rules


def shapes_in(pixels: np.ndarray) -> list[Shape]:
    return find_shapes(find_ink(decode(pixels)))


@pytest.mark.parametrize("tilt", [0.0, 0.02])
def test_rules_are_left_out_and_what_they_cross_stays_whole(mnist: Dataset, tilt: float) -> None:
    ink = row(mnist.test.images[:5], gap=24)
    columns = np.arange(ink.shape[1])
    for top in range(12, len(ink) - 14, 38):
        for thick in range(2):
            ink[(top + thick + tilt * columns).astype(int).clip(0, len(ink) - 1), columns] = 0.8
    assert len(shapes_in(on_paper(ink))) == 5


@pytest.mark.parametrize("margin", [6, 14])
def test_a_tall_stroke_is_no_rule(margin: int) -> None:
    ink = np.zeros((100, 300), np.float32)
    ink[margin : 100 - margin, 150:154] = 1
    ink[50:54, 130:170] = 1
    (shape,) = shapes_in(on_paper(ink))
    assert shape.box.height > 90 - 2 * margin


def test_squared_paper_is_left_out(mnist: Dataset) -> None:
    ink = row(mnist.test.images[:5], gap=30)
    squared = ink.copy()
    squared[11::47] = np.maximum(squared[11::47], 0.4)
    squared[:, 17::47] = np.maximum(squared[:, 17::47], 0.4)
    assert len(shapes_in(on_paper(squared))) == len(shapes_in(on_paper(ink)))


def test_ink_without_rules_stays_as_it_is(mnist: Dataset) -> None:
    mask = row(mnist.test.images[:6]) > 0.5
    np.testing.assert_array_equal(without_rules(mask), mask)
