import numpy as np
import pytest
from numpy.typing import NDArray

from paper import drawn
from tendigits.data import Dataset
from tendigits.images import ink_in, is_dark_on_light, make_frame, plain_ink

Area = tuple[float, float, float, float]


def picture_of(image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], Area]:
    """Return a digit of 3 times its size in the middle of light paper, and its box."""
    ink = np.zeros((140, 200), np.float32)
    ink[28:112, 60:144] = drawn(image, 3)
    rows, columns = (np.flatnonzero((ink > 0.3).any(axis=axis)) for axis in (1, 0))
    area = (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
    return (230 - 180 * ink.clip(0, 1)).astype(np.uint8), area


def difference(frame: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Return the mean difference of two frames in grey levels."""
    return float(np.abs(frame.astype(int) - other).mean())


def test_frame_of_the_ink_is_the_image_that_was_drawn(mnist: Dataset) -> None:
    differences = []
    for image in mnist.test.images[:30]:
        grey, area = picture_of(image)
        differences.append(difference(make_frame(ink_in(grey, area).levels), image))
    assert np.median(differences) < 8


@pytest.mark.parametrize("level", [40, 200])
def test_wall_beside_the_box_is_no_part_of_the_ink(mnist: Dataset, level: int) -> None:
    grey, area = picture_of(mnist.test.images[0])
    alone = make_frame(ink_in(grey, area).levels)
    walled = grey.copy()
    walled[:, int(area[2]) + 5 : int(area[2]) + 9] = level
    assert difference(make_frame(ink_in(walled, area).levels), alone) < 3


def test_isolation_is_1_alone_and_less_beside_other_ink(mnist: Dataset) -> None:
    grey, area = picture_of(mnist.test.images[0])
    walled = grey.copy()
    walled[:, int(area[2]) + 4 : int(area[2]) + 8] = 40
    assert ink_in(grey, area).isolation == pytest.approx(1)
    assert ink_in(walled, area).isolation < 0.9


def test_light_ink_on_dark_paper_gives_the_same_frame(mnist: Dataset) -> None:
    for image in mnist.test.images[:10]:
        grey, area = picture_of(image)
        assert is_dark_on_light(grey, [area])
        assert not is_dark_on_light(255 - grey, [area])
        frames = [
            make_frame(ink_in(each, area, dark=dark).levels)
            for each, dark in ((grey, True), (255 - grey, False))
        ]
        assert difference(*frames) < 2


def test_uneven_light_does_not_become_ink(mnist: Dataset) -> None:
    grey, area = picture_of(mnist.test.images[2])
    light = np.linspace(0.5, 1.0, grey.shape[1])[None]
    shaded = (grey * light).astype(np.uint8)
    plain, uneven = (make_frame(ink_in(each, area).levels) for each in (grey, shaded))
    assert difference(plain, uneven) < 10


def test_empty_box_has_no_ink() -> None:
    ink = ink_in(np.full((50, 50), 180, np.uint8), (10, 10, 30, 40))
    assert (ink.levels.shape, float(ink.levels.max()), ink.isolation) == ((1, 1), 0.0, 0.0)


@pytest.mark.parametrize("area", [(0, 0, 1, 1), (0, 0, 40, 3), (38, 29, 40, 30), (0, 0, 40, 30)])
def test_boxes_at_the_borders_of_a_picture_are_cut_out(area: Area) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (30, 40), np.uint8)
    levels = ink_in(noise, area).levels
    assert levels.ndim == 2
    assert 0 <= levels.min() <= levels.max() <= 1


def test_plain_ink_of_a_digit_alone_is_like_its_ink(mnist: Dataset) -> None:
    image = mnist.train.images[0]
    rows, columns = (np.flatnonzero(image.max(axis=axis) > 60) for axis in (1, 0))
    area = (float(columns[0]), float(rows[0]), columns[-1] + 1.0, rows[-1] + 1.0)
    for grey, dark in ((255 - image, True), (image, False)):
        frame = make_frame(plain_ink(grey, area, dark=dark), widen=False)
        assert difference(frame, image) < 20
