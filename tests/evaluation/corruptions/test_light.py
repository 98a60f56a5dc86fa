import numpy as np
import pytest

from tendigits.data import Dataset
from tendigits.evaluation.corruptions.light import brightness, fog, stripe

PAPER = np.zeros((50, 28, 28), np.float32)


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def test_brightness_raises_every_level_by_the_same(random: np.random.Generator) -> None:
    raised = brightness(PAPER, 2, random)
    assert np.unique(raised).tolist() == [0.25]


def test_a_stripe_in_the_middle_is_inverted(mnist: Dataset, random: np.random.Generator) -> None:
    images = (mnist.test.images[:5] / 255).astype(np.float32)
    striped = stripe(images, 3, random)
    np.testing.assert_array_equal(striped[:, :, 11:17], 1 - images[:, :, 11:17])
    np.testing.assert_array_equal(striped[:, :, :11], images[:, :, :11])


def test_fog_is_smooth_and_differs_from_image_to_image(random: np.random.Generator) -> None:
    fogged = fog(PAPER, 3, random)
    assert fogged.min() >= 0
    assert fogged.max() <= 1
    assert np.abs(np.diff(fogged, axis=1)).mean() < 0.1 * np.ptp(fogged)
    assert fogged.std(axis=0).mean() > 0.05
