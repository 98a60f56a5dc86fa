import numpy as np
import pytest

from tendigits.evaluation.confidence import fit_temperature


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_the_temperature_is_what_the_labels_were_drawn_with(temperature: float) -> None:
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 3, (50_000, 10))
    noise = generator.gumbel(size=logits.shape)  # the largest sum is a draw from the softmax
    labels = (logits / temperature + noise).argmax(axis=1)
    fitted = fit_temperature(logits.astype(np.float32), labels)
    assert fitted == pytest.approx(temperature, rel=0.03)


def test_answers_that_are_all_right_have_a_temperature_within_bounds() -> None:
    logits = np.eye(10, dtype=np.float32)
    assert np.exp(-4.0) <= fit_temperature(logits, np.arange(10)) < 0.1
