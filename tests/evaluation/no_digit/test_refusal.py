import numpy as np
import pytest

from tendigits.evaluation.no_digit import measure_refusal

DIGITS = np.array([0.99, 0.95, 0.9, 0.4], np.float32)
SETS = {
    "stars": np.array([0.1, 0.2], np.float32),
    "letters": np.array([0.92, 0.3], np.float32),
}


def test_each_set_is_measured_against_all_digits() -> None:
    refusal = measure_refusal(DIGITS, SETS, 0.5, fashion_missing=True)
    assert (refusal.digits, refusal.digits_refused, refusal.fashion_missing) == (4, 0.25, True)
    stars, letters = refusal.sets
    assert (stars.name, stars.images, stars.detection.auroc, stars.refused) == ("stars", 2, 1, 1)
    assert letters.refused == 0.5
    assert letters.detection.auroc == pytest.approx(6 / 8)
    assert refusal.mean_auroc == pytest.approx((1 + 6 / 8) / 2)


def test_without_a_threshold_nothing_is_refused() -> None:
    refusal = measure_refusal(DIGITS, SETS, 0.0, fashion_missing=False)
    assert refusal.digits_refused == 0
    assert {each.refused for each in refusal.sets} == {0}
