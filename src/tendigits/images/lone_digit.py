"""From a picture of one digit to its frame."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from tendigits.images.finder import Finder
from tendigits.images.frame import SIZE, make_frame
from tendigits.images.ink import Area, ink_in, is_dark_on_light

# Smaller pictures show nothing but the digit, and are not searched for it.
SMALL = 64
# The finder's score from which a candidate is taken for the digit.
SURE = 0.3


def frame_of_lone_digit(grey: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Return the frame (28, 28) of the digit in a picture (h, w); None if there is no ink.

    A picture of 28x28 pixels is a frame already, light on dark or dark on light. In a picture of
    more than 64 pixels per side the finder looks for the digit; if it finds none or several, the
    ink of the whole picture is taken.
    """
    if grey.shape == (SIZE, SIZE):
        frame = 255 - grey if _has_light_paper(grey) else grey
        return frame if frame.max() > frame.min() else None
    area = _area_of_digit(grey) or (0.0, 0.0, float(grey.shape[1]), float(grey.shape[0]))
    return frame_of_area(grey, area, dark=is_dark_on_light(grey, [area]))


def frame_of_area(grey: NDArray[np.uint8], area: Area, *, dark: bool) -> NDArray[np.uint8] | None:
    """Return the frame (28, 28) of the ink in an area of a picture (h, w); None if there is none.

    Args:
        grey: (h, w), the picture.
        area: left, top, right and bottom.
        dark: whether ink is darker than paper.
    """
    ink = ink_in(grey, area, dark=dark)
    return make_frame(ink.levels) if ink.levels.any() else None


def _has_light_paper(frame: NDArray[np.uint8]) -> bool:
    edge = np.concatenate([frame[0], frame[-1], frame[1:-1, 0], frame[1:-1, -1]])
    return float(edge.mean()) > max(127.5, float(frame.mean()))


def _area_of_digit(grey: NDArray[np.uint8]) -> Area | None:
    if max(grey.shape) <= SMALL:
        return None
    digits = [each for each in _finder().find(grey) if each.is_digit and each.score >= SURE]
    return digits[0].box if len(digits) == 1 else None


@cache
def _finder() -> Finder:
    return Finder()
