import numpy as np
import pytest

from tendigits.evaluation.corruptions.noise import impulse_noise, shot_noise

GREY = np.full((200, 28, 28), 0.5, np.float32)


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def test_shot_noise_keeps_the_mean_and_leaves_paper_alone(random: np.random.Generator) -> None:
    noisy = shot_noise(GREY, 3, random)
    assert noisy.mean() == pytest.approx(0.5, abs=0.01)
    assert noisy.var() == pytest.approx(0.5 / 12, rel=0.05)  # Poisson: the mean over the quanta
    assert shot_noise(np.zeros_like(GREY), 5, random).max() == 0


def test_impulse_noise_sets_pixels_to_black_and_white_alike(random: np.random.Generator) -> None:
    noisy = impulse_noise(GREY, 2, random)
    assert set(np.unique(noisy)) == {0, 0.5, 1}
    assert (noisy == 0).mean() == pytest.approx(0.05, abs=0.005)
    assert (noisy == 1).mean() == pytest.approx(0.05, abs=0.005)
