import numpy as np
import pytest
from numpy.typing import NDArray

from paper import drawn
from tendigits.data import Dataset
from tendigits.images.form_fields import without_fields

SIDE = 150


def form(digits: NDArray[np.uint8], thick: int = 2) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the ink of digits in fields that share their walls, and that of the digits alone."""
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
def test_the_lines_around_digits_are_left_out(mnist: Dataset, count: int, thick: int) -> None:
    written, alone = form(mnist.test.images[:count], thick)
    np.testing.assert_array_equal(without_fields(written), alone)


def test_a_digit_that_touches_its_field_stays(mnist: Dataset) -> None:
    written, alone = form(mnist.test.images[:1])
    written[100:104, 32:90] = True  # a stroke from the left wall into the digit
    kept = without_fields(written)
    assert (kept & alone).sum() > 0.95 * alone.sum()
    assert not kept[31].any()


def test_digits_without_fields_stay_as_they_are(mnist: Dataset) -> None:
    for image in mnist.test.images[:100]:
        mask = np.pad(drawn(image, 6) > 0.5, 20)
        np.testing.assert_array_equal(without_fields(mask), mask)


def test_an_empty_field_is_a_drawing_and_stays() -> None:
    square = np.zeros((200, 200), bool)
    square[40:160, 40:160] = True
    square[44:156, 44:156] = False
    np.testing.assert_array_equal(without_fields(square), square)
