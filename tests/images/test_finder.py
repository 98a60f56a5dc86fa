import numpy as np
import pytest
from numpy.typing import NDArray

from paper import drawn, on_paper, row
from tendigits.data import Dataset
from tendigits.images import Finder, Found, decode
from tendigits.images.finder import DIGIT_CLASSES, STRIDE


@pytest.fixture(scope="module")
def finder() -> Finder:
    return Finder(threads=1)


def grey(picture: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return a picture (h, w) with values in [0, 1] as grey levels."""
    return (picture.clip(0, 1) * 255).astype(np.uint8)


def sure_digits(found: list[Found]) -> list[Found]:
    """Return the digits with a score of at least 0.5, from left to right."""
    digits = [each for each in found if each.score >= 0.5 and each.is_digit]
    return sorted(digits, key=lambda each: each.box[0])


def test_each_digit_of_a_row_is_found_with_its_class(mnist: Dataset, finder: Finder) -> None:
    digits = sure_digits(finder.find(decode(on_paper(row(mnist.test.images[:5]))).grey))
    assert [int(each.classes[:DIGIT_CLASSES].argmax()) for each in digits] == [7, 2, 1, 0, 4]


def test_box_encloses_the_ink(mnist: Dataset, finder: Finder) -> None:
    picture = np.zeros((200, 300), np.float32)
    picture[60:144, 100:184] = drawn(mnist.test.images[0], 3)
    (digit,) = sure_digits(finder.find(grey(1 - picture)))
    rows, columns = (np.flatnonzero((picture > 0.5).any(axis=axis)) for axis in (1, 0))
    expected = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    assert np.abs(np.subtract(digit.box, expected)).max() < 6


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (500, 3), (64, 65), (1200, 1600)])
def test_pictures_of_any_size_are_searched(finder: Finder, size: tuple[int, int]) -> None:
    assert sure_digits(finder.find(np.full(size, 200, np.uint8))) == []


def test_small_digits_of_a_large_picture_are_enlarged(mnist: Dataset, finder: Finder) -> None:
    picture = np.zeros((900, 1200), np.float32)
    picture[400:484, 300:720] = np.hstack([drawn(each, 3) for each in mnist.test.images[:5]])
    digits = sure_digits(finder.find(grey(1 - picture)))
    assert [int(each.classes[:DIGIT_CLASSES].argmax()) for each in digits] == [7, 2, 1, 0, 4]
    assert all(300 - STRIDE <= each.box[0] <= 720 for each in digits)


def test_searched_pictures_have_at_most_a_million_pixels(
    finder: Finder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Noise is full of weak candidates of a few pixels each, which ask for the largest scale.
    noise = np.random.default_rng(0).integers(0, 256, (2048, 2048), np.uint8)
    sizes = []
    find_at = Finder.find_at

    def recorded(self: Finder, part: NDArray[np.uint8], scale: float) -> list[Found]:
        sizes.append(part.size * scale**2)
        return find_at(self, part, scale)

    monkeypatch.setattr(Finder, "find_at", recorded)
    monkeypatch.setattr("tendigits.images.finder._STRONG", 0.0)
    monkeypatch.setattr("tendigits.images.finder._CANDIDATE", 0.0)
    finder.find(noise)
    assert len(sizes) == 3
    assert max(sizes) <= 1_000_001


def test_of_two_boxes_on_one_digit_the_surer_one_is_kept(mnist: Dataset, finder: Finder) -> None:
    for image in mnist.test.images[:20]:
        digits = sure_digits(finder.find(grey(1 - drawn(image, 4))))
        for at, one in enumerate(digits):
            for other in digits[at + 1 :]:
                low = np.maximum(one.box[:2], other.box[:2])
                high = np.minimum(one.box[2:], other.box[2:])
                common = np.clip(high - low, 0, None).prod()
                assert common < 0.8 * min(_area(one), _area(other))


def _area(found: Found) -> float:
    left, top, right, bottom = found.box
    return (right - left) * (bottom - top)
