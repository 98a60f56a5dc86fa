from pathlib import Path

from drawn import colours
from tendigits.evaluation.cost import Cost, Costs
from tendigits.evaluation.cost.draw_cost import draw_cost


def test_one_and_several_classifiers_are_drawn(tmp_path: Path) -> None:
    each = [Cost(str(n), 0.9 + 0.02 * n, 10**n, None, 10, 1.0, 10.0**n) for n in range(1, 5)]
    for count in (1, 4):
        draw_cost(Costs("a machine", "now", tuple(each[:count])), tmp_path / "cost.png")
        assert colours(tmp_path / "cost.png") > 10
