import numpy as np

from paper import row
from tendigits.data import Dataset
from tendigits.images import Box, Shape, ways_to_cut


def touching(mnist: Dataset) -> Shape:
    ink = row(mnist.test.images[:2], gap=-2)
    rows, columns = (np.flatnonzero((ink > 0.2).any(axis=axis)) for axis in (1, 0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Shape(Box(50, 20, 50 + ink.shape[1], 20 + ink.shape[0]), ink)


def test_the_likeliest_cut_lies_between_two_digits(mnist: Dataset) -> None:
    shape = touching(mnist)
    left, right = ways_to_cut(shape)[0]
    middle = (shape.box.left + shape.box.right) / 2
    assert abs(left.box.right - middle) < 0.15 * shape.box.width
    assert left.box.right <= right.box.left + 1


def test_both_parts_lie_in_the_shape_and_hold_their_own_ink(mnist: Dataset) -> None:
    shape = touching(mnist)
    for parts in ways_to_cut(shape):
        assert sum(part.ink.sum() for part in parts) <= shape.ink.sum() + 1e-3
        for part in parts:
            assert part.ink.shape == (part.box.height, part.box.width)
            assert shape.box.joined(part.box) == shape.box


def test_what_is_narrow_is_not_cut() -> None:
    assert ways_to_cut(Shape(Box(0, 0, 20, 60), np.ones((60, 20), np.float32))) == []


def test_what_is_a_few_pixels_wide_is_not_cut() -> None:
    assert ways_to_cut(Shape(Box(0, 0, 7, 5), np.ones((5, 7), np.float32))) == []
