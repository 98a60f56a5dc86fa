from pathlib import Path

from drawn import colours
from tendigits.evaluation.attacks.attacked import ATTACKS, EPSILONS, Attack, Attacks
from tendigits.evaluation.attacks.draw_attacks import draw_attacks


def test_attacks_are_drawn(tmp_path: Path) -> None:
    each = [Attack(name, epsilon, 1 - epsilon, (0, 1)) for name in ATTACKS for epsilon in EPSILONS]
    draw_attacks(Attacks(1000, 0.99, tuple(each)), tmp_path / "attacks.png")
    assert colours(tmp_path / "attacks.png") > 10
