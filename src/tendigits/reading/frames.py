"""The frames of what may be digits, of which the classifier is given a bounded number."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tendigits.images import Found, ink_in, is_dark_on_light, make_frame, plain_ink
from tendigits.images.finder import DIGIT_CLASSES
from tendigits.images.ink import Area
from tendigits.images.lone_digit import frame_of_area

# Candidates with this probability of a digit are framed.
DIGIT = 0.3
STRONG = 0.3
# Of more candidates than this, the classifier is given those that the finder is least sure of, and
# the others are read by the finder alone. So the time of a page stays below a second.
MOST_CLASSIFIED = 300
# The surest candidates that determine whether ink is darker than paper.
_VOTERS = 200


@dataclass(frozen=True, eq=False)
class Framed:
    """A candidate for a digit, as an image for the classifier.

    Attributes:
        frame: (28, 28) uint8.
        isolation: the part of the ink around it that it is; see `Ink`.
        is_classified: whether the classifier is given the frame.
    """

    frame: NDArray[np.uint8]
    isolation: float
    is_classified: bool


def frame_digits(grey: NDArray[np.uint8], found: Sequence[Found]) -> dict[int, Framed]:
    """Return the frames of the candidates that may be digits, by their index.

    Args:
        grey: (h, w), the picture.
        found: the candidates, the surest first.
    """
    digits = [at for at, each in enumerate(found) if each.classes[:DIGIT_CLASSES].sum() >= DIGIT]
    if not digits:
        return {}
    strong = [at for at in digits if found[at].score >= STRONG]
    dark = is_dark_on_light(grey, [found[at].box for at in (strong or digits)[:_VOTERS]])
    classified = set(_least_sure(digits, found))
    return {
        at: _framed(grey, found[at], dark=dark, is_classified=at in classified) for at in digits
    }


def frame_image(grey: NDArray[np.uint8]) -> tuple[Area, NDArray[np.uint8]] | None:
    """Return where the ink of a whole picture (h, w) is, and its frame; None if there is none."""
    whole = (0.0, 0.0, float(grey.shape[1]), float(grey.shape[0]))
    dark = is_dark_on_light(grey, [whole])
    frame = frame_of_area(grey, whole, dark=dark)
    return None if frame is None else (_area_of_ink(grey, dark=dark), frame)


def _area_of_ink(grey: NDArray[np.uint8], *, dark: bool) -> Area:
    levels = 255 - grey if dark else grey
    middle = (int(levels.min()) + int(levels.max())) / 2
    rows, columns = (np.flatnonzero((levels > middle).any(axis=axis)) for axis in (1, 0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _least_sure(digits: list[int], found: Sequence[Found]) -> list[int]:
    if len(digits) <= MOST_CLASSIFIED:
        return digits

    def certainty(at: int) -> float:
        best = found[at].classes[:DIGIT_CLASSES].max()
        return abs(float(best) * found[at].score - 0.5)

    return sorted(digits, key=certainty)[:MOST_CLASSIFIED]


def _framed(grey: NDArray[np.uint8], found: Found, *, dark: bool, is_classified: bool) -> Framed:
    if not is_classified:
        frame = make_frame(plain_ink(grey, found.box, dark=dark), widen=False)
        return Framed(frame, 0.0, is_classified=False)
    ink = ink_in(grey, found.box, dark=dark)
    return Framed(make_frame(ink.levels), ink.isolation, is_classified=True)
