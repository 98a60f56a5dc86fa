import numpy as np
import pytest

from tendigits.data import Dataset
from tendigits.evaluation.corruptions.blur import glass_blur, motion_blur

DOT = np.zeros((100, 28, 28), np.float32)
DOT[:, 14, 14] = 1


@pytest.mark.parametrize("strength", [1, 3, 5])
def test_motion_smears_a_dot_along_a_line_of_the_given_length(strength: int) -> None:
    smeared = motion_blur(DOT, strength, np.random.default_rng(0))
    assert smeared.sum(axis=(1, 2)) == pytest.approx(np.ones(100), abs=1e-4)
    rows, columns = np.nonzero(smeared[0] > 0.01)
    reach = np.hypot(np.ptp(rows), np.ptp(columns))
    assert reach == pytest.approx((3, 4, 5, 6, 8)[strength - 1], abs=2)
    assert len(np.unique(smeared.round(4).reshape(100, -1), axis=0)) == 16


def test_glass_lets_light_stray_by_a_pixel_a_pass(mnist: Dataset) -> None:
    images = (mnist.test.images[:100] / 255).astype(np.float32)
    seen = glass_blur(images, 5, np.random.default_rng(0))
    assert seen.sum() == pytest.approx(images.sum(), rel=0.05)
    strayed = glass_blur(DOT, 5, np.random.default_rng(0))
    assert strayed[:, :8].max() < 1e-3  # three passes and the softening reach no farther
