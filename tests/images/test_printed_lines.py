import numpy as np
import pytest
from numpy.typing import NDArray

from paper import drawn, on_paper, row
from tendigits.data import Dataset
from tendigits.images import Shape, decode, find_ink, find_shapes
from tendigits.images.printed_lines import without_fields, without_rules

SIDE = 150


def shapes_in(pixels: np.ndarray) -> list[Shape]:
    return find_shapes(find_ink(decode(pixels)))


@pytest.mark.parametrize("tilt", [0.0, 0.02])
def test_digits_on_rules_stay_whole(mnist: Dataset, tilt: float) -> None:
    ink = row(mnist.test.images[:5], gap=24)
    columns = np.arange(ink.shape[1])
    for top in range(12, len(ink) - 14, 38):
        for thick in range(2):
            ink[(top + thick + tilt * columns).astype(int).clip(0, len(ink) - 1), columns] = 0.8
    assert len(shapes_in(on_paper(ink))) == 5


@pytest.mark.parametrize("slope", [-0.15, 0.0, 0.05, 0.2])
def test_slanted_and_bent_rules_are_removed(mnist: Dataset, slope: float) -> None:
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


def test_faint_rule_among_others_is_removed(mnist: Dataset) -> None:
    mask = np.pad(row(mnist.test.images[:5]) > 0.5, ((60, 60), (40, 40)))
    ruled = mask.copy()
    ruled[10::40] = True
    ruled[50, mask.shape[1] // 2 :] = False
    assert not without_rules(ruled)[50].any()


@pytest.mark.parametrize("margin", [6, 14])
def test_tall_stroke_is_not_a_rule(margin: int) -> None:
    ink = np.zeros((100, 300), np.float32)
    ink[margin : 100 - margin, 150:154] = 1
    ink[50:54, 130:170] = 1
    (shape,) = shapes_in(on_paper(ink))
    assert shape.box.height > 90 - 2 * margin


def test_squared_paper_is_removed(mnist: Dataset) -> None:
    ink = row(mnist.test.images[:5], gap=30)
    squared = ink.copy()
    squared[11::47] = np.maximum(squared[11::47], 0.4)
    squared[:, 17::47] = np.maximum(squared[:, 17::47], 0.4)
    assert len(shapes_in(on_paper(squared))) == len(shapes_in(on_paper(ink)))


def test_ink_without_rules_is_unchanged(mnist: Dataset) -> None:
    mask = row(mnist.test.images[:6]) > 0.5
    np.testing.assert_array_equal(without_rules(mask), mask)


def form(digits: NDArray[np.uint8], thick: int = 2) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the masks of digits in a row of form fields, and of the digits alone."""
    alone = np.zeros((SIDE + 60, len(digits) * SIDE + 60), bool)
    lines = alone.copy()
    for number, digit in enumerate(digits):
        left = 30 + number * SIDE
        alone[45 : 45 + 112, left + 20 : left + 132] = drawn(digit, 4) > 0.5
        lines[30 : 30 + SIDE, left : left + SIDE + thick] = True
    for number in range(len(digits)):
        left = 30 + number * SIDE
        lines[30 + thick : 30 + SIDE - thick, left + thick : left + SIDE] = False
    return alone | lines, alone


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("thick", [1, 2, 4])
def test_form_fields_around_digits_are_removed(mnist: Dataset, count: int, thick: int) -> None:
    written, alone = form(mnist.test.images[:count], thick)
    np.testing.assert_array_equal(without_fields(written), alone)


def test_digit_that_touches_its_field_is_kept(mnist: Dataset) -> None:
    written, alone = form(mnist.test.images[:1])
    written[100:104, 32:90] = True  # a stroke from the left line into the digit
    kept = without_fields(written)
    assert (kept & alone).sum() > 0.95 * alone.sum()
    assert not kept[31].any()


def test_digits_without_fields_are_unchanged(mnist: Dataset) -> None:
    for image in mnist.test.images[:100]:
        mask = np.pad(drawn(image, 6) > 0.5, 20)
        np.testing.assert_array_equal(without_fields(mask), mask)


def test_empty_square_is_unchanged() -> None:
    square = np.zeros((200, 200), bool)
    square[40:160, 40:160] = True
    square[44:156, 44:156] = False
    np.testing.assert_array_equal(without_fields(square), square)
