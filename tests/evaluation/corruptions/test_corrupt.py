import numpy as np
import pytest

from tendigits.data import Dataset
from tendigits.evaluation.corruptions import CORRUPTIONS, STRENGTHS, corrupt

NAMES = list(CORRUPTIONS)
PUBLISHED = 15  # Mu and Gilmer 2019


def test_they_are_those_of_mnist_c() -> None:
    assert len(NAMES) == PUBLISHED
    assert STRENGTHS == (1, 2, 3, 4, 5)


@pytest.mark.parametrize("name", NAMES)
def test_copies_have_the_images_form_and_the_images_stay_as_they_are(
    mnist: Dataset, name: str
) -> None:
    images = mnist.test.images[:20].copy()
    copies = corrupt(images, name, 3)
    assert copies.shape == images.shape
    assert copies.dtype == np.uint8
    assert np.array_equal(images, mnist.test.images[:20])
    assert not np.array_equal(copies, images)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_copies(mnist: Dataset, name: str) -> None:
    images = mnist.test.images[:20]
    assert np.array_equal(corrupt(images, name, 2, seed=7), corrupt(images, name, 2, seed=7))


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"canny edges"}))
def test_more_strength_changes_more(mnist: Dataset, name: str) -> None:
    images = mnist.test.images[:300]
    changes = [
        np.abs(corrupt(images, name, strength).astype(float) - images).mean()
        for strength in STRENGTHS
    ]
    assert changes == sorted(changes)
    assert changes[-1] > 1.5 * changes[0]
