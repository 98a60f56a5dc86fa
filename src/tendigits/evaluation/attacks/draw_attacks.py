"""Attacks in a picture."""

from pathlib import Path

from tendigits.evaluation.attacks.attacked import EPSILONS, Attacks
from tendigits.evaluation.canvas import BLUE, RED, figure


def draw_attacks(attacks: Attacks, path: Path) -> None:
    """Write a PNG of the accuracy against the size of the change, a line an attack."""
    with figure(path, (4.4, 3.2)) as drawn:
        axes = drawn.subplots()
        for name, colour in (("FGSM", BLUE), ("PGD", RED)):
            left = [100 * each.accuracy for each in attacks.attacks if each.name == name]
            axes.plot((0, *EPSILONS), [100 * attacks.unattacked, *left], "o-", color=colour)
            axes.annotate(name, (EPSILONS[0], left[0]), (6, 4), textcoords="offset points")
        axes.set_xlabel("change of each pixel, at most (full ink is 1)")
        axes.set_ylabel("right (%)")
        axes.set_ylim(-3, 103)
        axes.grid(alpha=0.3)
