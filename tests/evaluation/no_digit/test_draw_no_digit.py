from pathlib import Path

import numpy as np

from drawn import colours
from tendigits.data import Dataset
from tendigits.evaluation.no_digit.draw_no_digit import draw_no_digits, draw_sureness


def test_samples_and_sureness_are_drawn(tmp_path: Path, mnist: Dataset) -> None:
    draw_no_digits({"a": mnist.test.images[:8], "b": mnist.test.images[8:16]}, tmp_path / "a.png")
    sureness = np.linspace(0, 1, 50, dtype=np.float32)
    draw_sureness(sureness, {"a": sureness**2, "b": sureness**3}, tmp_path / "b.png")
    assert colours(tmp_path / "a.png") > 10
    assert colours(tmp_path / "b.png") > 10
