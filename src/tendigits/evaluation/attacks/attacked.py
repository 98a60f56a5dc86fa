"""What is left of the accuracy when somebody who has the weights moves the pixels."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from tendigits.classifiers.classifier import TorchNetwork as Network
from tendigits.data import CLASSES, LabelledImages
from tendigits.evaluation.accuracy import wilson_interval
from tendigits.evaluation.attacks.gradient import fgsm, pgd
from tendigits.networks.torch_logits import in_batches, scaled

IMAGES = 1000
EPSILONS = (0.1, 0.3)
ATTACKS = {"FGSM": fgsm, "PGD": pgd}


@dataclass(frozen=True)
class Attack:
    """An attack and what is left.

    Attributes:
        name: FGSM or PGD.
        epsilon: by how much each pixel may change, where full ink is 1.
        accuracy: the share of right answers to the attacked images.
        interval_95: its 95 % interval (Wilson).
    """

    name: str
    epsilon: float
    accuracy: float
    interval_95: tuple[float, float]


@dataclass(frozen=True)
class Attacks:
    """The attacks on a classifier.

    Attributes:
        images: how many were attacked, evenly spread over the test set.
        unattacked: the accuracy on the same images as they are.
        attacks: each attack.
    """

    images: int
    unattacked: float
    attacks: tuple[Attack, ...]


def measure_attacks(
    network: Network, examples: LabelledImages, step: Callable[[str, int, int], None]
) -> Attacks:
    """Attack a network on 1,000 images, evenly spread over `examples`.

    Args:
        network: from images (n, 1, 28, 28) in [0, 1] to logits (n, 10 or 11).
        examples: the images and their labels.
        step: is told how far it is.
    """
    chosen = np.unique(np.linspace(0, len(examples) - 1, IMAGES).astype(np.int64))
    attacked = LabelledImages(examples.images[chosen], examples.labels[chosen])
    ways = [(name, epsilon) for name in ATTACKS for epsilon in EPSILONS]
    attacks = []
    for done, (name, epsilon) in enumerate(ways):
        step(f"Attacks: {name}", done, len(ways))
        right = _count_right(network, attacked, partial(ATTACKS[name], epsilon=epsilon))
        interval = wilson_interval(right, len(chosen))
        attacks.append(Attack(name, epsilon, right / len(chosen), interval))
    step("Attacks", len(ways), len(ways))
    unattacked = _count_right(network, attacked, partial(fgsm, epsilon=0.0)) / len(chosen)
    return Attacks(images=len(chosen), unattacked=unattacked, attacks=tuple(attacks))


def _count_right(
    network: Network, examples: LabelledImages, attack: Callable[[Network, Tensor, Tensor], Tensor]
) -> int:
    def is_right(images: Tensor, labels: Tensor) -> Tensor:
        attacked = attack(network, scaled(images), labels)
        with torch.no_grad():
            return network(attacked)[:, :CLASSES].argmax(dim=1) == labels

    return int(in_batches(is_right, examples.images, examples.labels).sum())
