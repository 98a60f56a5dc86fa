"""What is left when somebody who has the weights moves the pixels."""

from tendigits.evaluation.attacks.attacked import Attacks, measure_attacks
from tendigits.evaluation.attacks.gradient import fgsm, pgd

__all__ = ["Attacks", "fgsm", "measure_attacks", "pgd"]
