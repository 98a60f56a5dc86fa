from pathlib import Path

import pytest

from drawn import colours
from tendigits.training import EpochResult
from tendigits.training.curves import draw_curves


@pytest.mark.parametrize("epochs", [1, 2, 50])
def test_curves_of_any_number_of_epochs_are_drawn(tmp_path: Path, epochs: int) -> None:
    history = [
        EpochResult(e, 1.0, 2.0, 0.9, 1 / e, 0.91, 1.1 / e, 1e4, 0.1) for e in range(1, epochs + 1)
    ]
    draw_curves(history, tmp_path / "curves.png")
    assert colours(tmp_path / "curves.png") > 10
