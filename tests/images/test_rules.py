import numpy as np
import pytest

from paper import on_paper, row
from tendigits.data import Dataset
from tendigits.images import Shape, decode, find_ink, find_shapes
from tendigits.images.rules import without_rules


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


@pytest.mark.parametrize("slope", [-0.15, 0.0, 0.05, 0.2])
def test_slanted_and_bent_rules_are_left_out(mnist: Dataset, slope: float) -> None:
    mask = np.pad(row(mnist.test.images[:5]) > 0.5, ((60, 60), (40, 40)))
    height, width = mask.shape
    columns = np.arange(width)
    ruled = mask.copy()
    for top in range(-60, height + 60, 40):
        rows = np.round(top + slope * columns + 3 * np.sin(np.pi * columns / width)).astype(int)
        inside = (rows >= 0) & (rows < height - 1)
        ruled[rows[inside], columns[inside]] = True
        ruled[rows[inside] + 1, columns[inside]] = True
    kept = without_rules(ruled)
    assert (kept & ~mask).sum() < 0.03 * mask.sum()
    assert (kept & mask).sum() > 0.97 * mask.sum()


def test_a_rule_that_fades_is_left_out_where_others_do_not(mnist: Dataset) -> None:
    mask = np.pad(row(mnist.test.images[:5]) > 0.5, ((60, 60), (40, 40)))
    ruled = mask.copy()
    ruled[10::40] = True
    ruled[50, mask.shape[1] // 2 :] = False
    assert not without_rules(ruled)[50].any()


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
