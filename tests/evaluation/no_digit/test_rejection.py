import numpy as np
import pytest

from tendigits.evaluation.no_digit import measure_rejection

DIGITS = np.array([0.99, 0.95, 0.9, 0.4], np.float32)
SETS = {
    "stars": np.array([0.1, 0.2], np.float32),
    "letters": np.array([0.92, 0.3], np.float32),
}


def test_each_set_is_measured_against_all_digits() -> None:
    rejection = measure_rejection(DIGITS, SETS, 0.5, fashion_missing=True)
    assert (rejection.digits, rejection.digits_rejected, rejection.fashion_missing) == (
        4,
        0.25,
        True,
    )
    stars, letters = rejection.sets
    assert (stars.name, stars.images, stars.detection.auroc, stars.rejected) == ("stars", 2, 1, 1)
    assert letters.rejected == 0.5
    assert letters.detection.auroc == pytest.approx(6 / 8)
    assert rejection.mean_auroc == pytest.approx((1 + 6 / 8) / 2)


def test_without_a_threshold_nothing_is_rejected() -> None:
    rejection = measure_rejection(DIGITS, SETS, 0.0, fashion_missing=False)
    assert rejection.digits_rejected == 0
    assert {each.rejected for each in rejection.sets} == {0}
