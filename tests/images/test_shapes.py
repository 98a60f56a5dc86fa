import numpy as np
import pytest

from paper import drawn, on_paper, row
from tendigits.data import Dataset
from tendigits.images import Box, Shape, decode, find_cuts, find_ink, find_shapes


def shapes_in(pixels: np.ndarray) -> list[Shape]:
    return find_shapes(find_ink(decode(pixels)))


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_each_digit_of_a_row_is_a_shape(mnist: Dataset, count: int) -> None:
    wrong = 0
    for start in range(0, 10 * count, count):
        digits = mnist.test.images[start : start + count]
        shapes = shapes_in(on_paper(row(digits), noise=0.01))
        lefts = [shape.box.left for shape in shapes]
        assert lefts == sorted(lefts)
        wrong += len(shapes) != count
    assert wrong <= 1  # a few MNIST digits are broken in two, or a single stroke


def test_lines_are_ordered_from_top_to_bottom(mnist: Dataset) -> None:
    upper, lower = (row(mnist.test.images[at : at + 4]) for at in (0, 4))
    width = max(upper.shape[1], lower.shape[1])
    page = np.concatenate(
        [np.pad(ink, ((0, 0), (0, width - ink.shape[1]))) for ink in (upper, lower)]
    )
    boxes = [shape.box for shape in shapes_in(on_paper(page))]
    assert len(boxes) == 8
    assert max(box.bottom for box in boxes[:4]) < min(box.top for box in boxes[4:]) + 20


def test_separate_bar_of_a_five_is_joined_with_it() -> None:
    ink = np.zeros((120, 120), np.float32)
    ink[30:36, 48:80] = 1  # the bar
    ink[40:66, 44:50] = ink[60:66, 44:76] = ink[60:92, 72:78] = ink[88:94, 44:78] = 1
    assert len(shapes_in(on_paper(ink))) == 1


def test_specks_are_ignored(mnist: Dataset) -> None:
    ink = np.pad(drawn(mnist.test.images[0], 5), 60)
    random = np.random.default_rng(0)
    for top, left in random.integers(5, 240, (12, 2)):
        ink[top : top + 2, left : left + 2] = 1
    assert len(shapes_in(on_paper(ink))) == 1


def test_border_around_the_picture_is_ignored(mnist: Dataset) -> None:
    ink = np.pad(drawn(mnist.test.images[0], 5), 30)
    ink[:4] = ink[-4:] = ink[:, :4] = ink[:, -4:] = 1
    (shape,) = shapes_in(on_paper(ink))
    assert shape.box.left > 10


def test_box_encloses_the_digit(mnist: Dataset) -> None:
    ink = np.zeros((300, 400), np.float32)
    digit = drawn(mnist.test.images[0], 4)
    ink[100 : 100 + 112, 220 : 220 + 112] = digit
    rows, columns = (np.flatnonzero((ink > 0.5).any(axis=axis)) for axis in (1, 0))
    (shape,) = shapes_in(on_paper(ink))
    expected = Box(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    for side in ("left", "top", "right", "bottom"):
        assert abs(getattr(shape.box, side) - getattr(expected, side)) <= 3


def test_blank_picture_has_no_shapes() -> None:
    assert shapes_in(np.full((50, 80), 200, np.uint8)) == []


def touching_digits(mnist: Dataset) -> Shape:
    ink = row(mnist.test.images[:2], gap=-2)
    rows, columns = (np.flatnonzero((ink > 0.2).any(axis=axis)) for axis in (1, 0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Shape(Box(50, 20, 50 + ink.shape[1], 20 + ink.shape[0]), ink)


def test_best_cut_is_between_two_digits(mnist: Dataset) -> None:
    shape = touching_digits(mnist)
    left, right = find_cuts(shape)[0]
    middle = (shape.box.left + shape.box.right) / 2
    assert abs(left.box.right - middle) < 0.15 * shape.box.width
    assert left.box.right <= right.box.left + 1


def test_parts_are_inside_the_shape_and_share_its_ink(mnist: Dataset) -> None:
    shape = touching_digits(mnist)
    for parts in find_cuts(shape):
        assert sum(part.ink.sum() for part in parts) <= shape.ink.sum() + 1e-3
        for part in parts:
            assert part.ink.shape == (part.box.height, part.box.width)
            assert shape.box.left <= part.box.left < part.box.right <= shape.box.right
            assert shape.box.top <= part.box.top < part.box.bottom <= shape.box.bottom


def test_narrow_shapes_are_not_cut() -> None:
    assert find_cuts(Shape(Box(0, 0, 20, 60), np.ones((60, 20), np.float32))) == []


def test_shapes_of_a_few_pixels_are_not_cut() -> None:
    assert find_cuts(Shape(Box(0, 0, 7, 5), np.ones((5, 7), np.float32))) == []
