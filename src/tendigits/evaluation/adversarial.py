"""Robustness to adversarial attacks: images changed along the gradient of the loss."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tendigits.classifiers.classifier import TorchNetwork
from tendigits.data import CLASSES, LabelledImages
from tendigits.evaluation.metrics import wilson_interval
from tendigits.evaluation.report import AdversarialRobustness, Attack
from tendigits.networks.torch_classifier import in_batches, scaled

IMAGES = 1000
EPSILONS = (0.1, 0.3)
PGD_STEPS = 20
_PGD_REACH = 2.5  # the sum of the steps over epsilon, as in Madry et al.


def measure_adversarial(
    network: TorchNetwork, labelled: LabelledImages, progress: Callable[[str, int, int], None]
) -> AdversarialRobustness:
    """Attack a network on 1,000 images, evenly spaced over `labelled`.

    Args:
        network: from images (n, 1, 28, 28) in [0, 1] to logits (n, 10 or 11).
        labelled: the images and their labels.
        progress: called with a title, the steps done, and their total.
    """
    chosen = np.unique(np.linspace(0, len(labelled) - 1, IMAGES).astype(np.int64))
    attacked = labelled.subset(chosen)
    each_attack = [(name, epsilon) for name in ATTACKS for epsilon in EPSILONS]
    attacks = []
    for done, (name, epsilon) in enumerate(each_attack):
        progress(f"Attacks: {name}", done, len(each_attack))
        correct = _count_correct(network, attacked, partial(ATTACKS[name], epsilon=epsilon))
        interval = wilson_interval(correct, len(chosen))
        attacks.append(Attack(name, epsilon, correct / len(chosen), interval))
    progress("Attacks", len(each_attack), len(each_attack))
    clean = _count_correct(network, attacked, partial(fgsm, epsilon=0.0))
    return AdversarialRobustness(
        images=len(chosen), clean_accuracy=clean / len(chosen), attacks=tuple(attacks)
    )


def fgsm(network: TorchNetwork, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Return images after one step of size epsilon up the loss (fast gradient sign method).

    Source: I. Goodfellow, J. Shlens, C. Szegedy, "Explaining and harnessing adversarial
    examples", ICLR 2015.

    Args:
        network: from images (n, 1, 28, 28) in [0, 1] to logits (n, 10 or 11).
        images: the images to attack.
        labels: (n,), the true classes.
        epsilon: the largest change of a pixel.
    """
    return (images + epsilon * _gradient(network, images, labels).sign()).clamp(0, 1)


def pgd(network: TorchNetwork, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Return images after 20 steps up the loss, kept within epsilon (projected gradient descent).

    It starts at a random point within epsilon, the same for the same number of images.

    Source: A. Madry, A. Makelov, L. Schmidt, D. Tsipras, A. Vladu, "Towards deep learning models
    resistant to adversarial attacks", ICLR 2018.

    Args:
        network: from images (n, 1, 28, 28) in [0, 1] to logits (n, 10 or 11).
        images: the images to attack.
        labels: (n,), the true classes.
        epsilon: the largest change of a pixel.
    """
    start = torch.rand(images.shape, generator=torch.Generator().manual_seed(0))
    attacked = (images + epsilon * (2 * start - 1)).clamp(0, 1)
    for _ in range(PGD_STEPS):
        step = _PGD_REACH * epsilon / PGD_STEPS * _gradient(network, attacked, labels).sign()
        moved = torch.clamp(attacked + step, images - epsilon, images + epsilon)
        attacked = moved.clamp(0, 1)
    return attacked


ATTACKS = {"FGSM": fgsm, "PGD": pgd}


def _gradient(network: TorchNetwork, images: Tensor, labels: Tensor) -> Tensor:
    with torch.enable_grad():
        images = images.detach().requires_grad_()
        loss = functional.cross_entropy(network(images)[:, :CLASSES], labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, images)
    return gradient


def _count_correct(
    network: TorchNetwork,
    labelled: LabelledImages,
    attack: Callable[[TorchNetwork, Tensor, Tensor], Tensor],
) -> int:
    def is_correct(images: Tensor, labels: Tensor) -> Tensor:
        attacked = attack(network, scaled(images), labels)
        with torch.no_grad():
            return network(attacked)[:, :CLASSES].argmax(dim=1) == labels

    return int(in_batches(is_correct, labelled.images, labelled.labels).sum())
