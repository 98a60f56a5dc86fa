import numpy as np
import pytest

from paper import on_paper, row
from tendigits import Reader
from tendigits.data import Dataset
from tendigits.images import decode, frame_of_lone_digit


@pytest.mark.parametrize("light_paper", [False, True])
def test_picture_of_28x28_is_its_own_frame(mnist: Dataset, *, light_paper: bool) -> None:
    for image in mnist.test.images[:50]:
        frame = frame_of_lone_digit(255 - image if light_paper else image)
        assert frame is not None
        assert np.array_equal(frame, image)


def test_frame_of_a_picture_is_the_one_that_reading_shows(mnist: Dataset) -> None:
    reader, differences = Reader(), []
    for image in mnist.test.images[:8]:
        picture = on_paper(row(image[None]))
        frame = frame_of_lone_digit(decode(picture).grey)
        assert frame is not None
        digits = reader.read(picture).digits
        if len(digits) == 1:
            differences.append(np.abs(frame.astype(int) - digits[0].frame).max())
    assert len(differences) > 4
    assert max(differences) == 0


@pytest.mark.parametrize("side", [28, 50, 300])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_blank_picture_has_no_frame(side: int, level: int) -> None:
    assert frame_of_lone_digit(np.full((side, side), level, np.uint8)) is None
