from pathlib import Path

import matplotlib as mpl
import pytest

from drawn import colours
from tendigits.evaluation.canvas import figure


def test_a_figure_is_written_once_it_is_drawn(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    with figure(tmp_path / "one.png", (2, 2)) as drawn:
        drawn.subplots().plot([0, 1])
        assert not (tmp_path / "one.png").exists()
    assert colours(tmp_path / "one.png") > 10
    assert dict(mpl.rcParams) == before


def test_a_figure_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), figure(tmp_path / "one.png", (2, 2)):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
