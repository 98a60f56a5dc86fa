from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tendigits.data import CATALOGUE, Dataset
from tendigits.evaluation.no_digit import find_fashion, no_digit_sets
from tendigits.evaluation.no_digit.sets import FASHION, IMAGES_A_SET

Sets = dict[str, NDArray[np.uint8]]


def nobody(title: str, done: int, total: int) -> None:
    """Tell nobody."""


@pytest.fixture(scope="module")
def sets(mnist: Dataset) -> Sets:
    return no_digit_sets(mnist.test, nobody)


def test_each_set_holds_a_thousand_images(sets: Sets) -> None:
    assert len(sets) >= 6
    for images in sets.values():
        assert images.shape == (IMAGES_A_SET, 28, 28)
        assert images.dtype == np.uint8
        assert images.any(axis=(1, 2)).all()


def test_they_are_the_same_each_time(sets: Sets, mnist: Dataset) -> None:
    again = no_digit_sets(mnist.test, nobody)
    assert list(again) == list(sets)
    assert all(np.array_equal(images, again[name]) for name, images in sets.items())


def test_clothes_are_among_them_where_fashion_mnist_is_here(sets: Sets) -> None:
    assert (FASHION in sets) is (find_fashion() is not None)


def test_fashion_mnist_is_found_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENDIGITS_CACHE", str(tmp_path))
    folder = tmp_path / "fashion-mnist"
    folder.mkdir()
    assert find_fashion() != folder
    for file in CATALOGUE["fashion-mnist"].sha256:
        (folder / file).touch()
    assert find_fashion() == folder
