"""Images moved along the loss's gradient, each pixel by at most epsilon."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from tendigits.data import CLASSES

Network = Callable[[Tensor], Tensor]
PGD_STEPS = 20
_STEP = 2.5  # steps that reach the bound 2.5 times over, as in Madry et al.


def fgsm(network: Network, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Return images after one step of size epsilon up the loss (fast gradient sign method).

    Source: I. Goodfellow, J. Shlens, C. Szegedy, "Explaining and harnessing adversarial
    examples", ICLR 2015.

    Args:
        network: from images (n, 1, 28, 28) in [0, 1] to logits (n, 10 or 11).
        images: what is attacked.
        labels: (n,), the true classes.
        epsilon: by how much a pixel may change, of 1.
    """
    return (images + epsilon * _gradient(network, images, labels).sign()).clamp(0, 1)


def pgd(network: Network, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Return images after 20 steps up the loss, kept within epsilon (projected gradient descent).

    It begins at a random place within epsilon, the same for the same number of images.

    Source: A. Madry, A. Makelov, L. Schmidt, D. Tsipras, A. Vladu, "Towards deep learning models
    resistant to adversarial attacks", ICLR 2018.

    Args:
        network: from images (n, 1, 28, 28) in [0, 1] to logits (n, 10 or 11).
        images: what is attacked.
        labels: (n,), the true classes.
        epsilon: by how much a pixel may change, of 1.
    """
    shares = torch.rand(images.shape, generator=torch.Generator().manual_seed(0))
    attacked = (images + epsilon * (2 * shares - 1)).clamp(0, 1)
    for _ in range(PGD_STEPS):
        steps = _STEP * epsilon / PGD_STEPS * _gradient(network, attacked, labels).sign()
        moved = torch.clamp(attacked + steps, images - epsilon, images + epsilon)
        attacked = moved.clamp(0, 1)
    return attacked


def _gradient(network: Network, images: Tensor, labels: Tensor) -> Tensor:
    with torch.enable_grad():
        images = images.detach().requires_grad_()
        loss = functional.cross_entropy(network(images)[:, :CLASSES], labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, images)
    return gradient
