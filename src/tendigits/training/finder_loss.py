"""What a finder minimises: the losses of its three kinds of maps.

Source of the loss of the heat map: X. Zhou, D. Wang, P. Krähenbühl, "Objects as Points" (2019).
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from tendigits.data.pages.targets import BOX_UNIT
from tendigits.networks.finder import MAPS
from tendigits.training.finder_pages import PageBatch

_MIDDLE = 0.999  # the least heat of the cell in the middle of a character
# Digits of fewer than 18 pixels have a smaller weight in the loss of the classes, down to a fifth:
# some of them cannot be told apart.
_LEGIBLE_HEIGHT, _LEAST_WEIGHT = 18.0, 0.2
_SMALLEST_BOX = 0.25  # in units of 16 pixels; errors of smaller boxes are not weighted higher


@dataclass(frozen=True, eq=False)
class FinderLoss:
    """The result of a batch; all are scalars on its device.

    Attributes:
        presence: the focal loss of the scores of characters.
        classes: the cross-entropy of their classes in nats.
        boxes: the mean error of a side of a box, relative to the size of the box.
        correct: the number of characters whose class is the most probable one in their middle.
        characters: the number of all characters.
    """

    presence: Tensor
    classes: Tensor
    boxes: Tensor
    correct: Tensor
    characters: Tensor

    @property
    def total(self) -> Tensor:
        """The sum that is minimised."""
        return self.presence + self.classes + self.boxes

    def detached(self) -> Tensor:
        """Return the total, the characters read correctly and all characters: (3,) float32."""
        return torch.stack([self.total.detach(), self.correct.float(), self.characters.float()])


def finder_loss(maps: Tensor, batch: PageBatch) -> FinderLoss:
    """Return the losses of a network's maps (n, 20, h/4, w/4).

    The characters of a page together weigh as much as the square root of their number, so that
    pages full of small digits do not outweigh lone ones.
    """
    presence, logits, sides = maps.float().split(MAPS, 1)
    middles = batch.heat >= _MIDDLE
    page_weight = middles.sum((1, 2), keepdim=True).clamp(min=1).rsqrt()
    weight = batch.heat * (batch.classes >= 0) * page_weight
    labelled = middles & (batch.classes >= 0)
    return FinderLoss(
        presence=_presence_loss(presence[:, 0], batch, middles.float(), page_weight),
        classes=_class_loss(logits, batch, weight),
        boxes=_box_loss(sides, batch, weight),
        correct=((logits.argmax(1) == batch.classes) & labelled).sum(),
        characters=labelled.sum(),
    )


def _presence_loss(
    logits: Tensor, batch: PageBatch, middles: Tensor, page_weight: Tensor
) -> Tensor:
    scores = logits.sigmoid()
    found = page_weight * middles * (1 - scores).square() * functional.logsigmoid(logits)
    near = torch.where(batch.heat > 0, page_weight, 1.0)
    elsewhere = (1 - middles) * (1 - batch.heat) ** 4 * batch.weight * near
    not_found = elsewhere * scores.square() * functional.logsigmoid(-logits)
    return -(found + not_found).sum() / (middles * page_weight).sum().clamp(min=1)


def _class_loss(logits: Tensor, batch: PageBatch, weight: Tensor) -> Tensor:
    height = (batch.boxes[:, 1] + batch.boxes[:, 3]) * BOX_UNIT
    weight = weight * (height / _LEGIBLE_HEIGHT).clamp(_LEAST_WEIGHT, 1)
    losses = functional.cross_entropy(logits, batch.classes.clamp(min=0), reduction="none")
    return (losses * weight).sum() / weight.sum().clamp(min=1e-3)


def _box_loss(sides: Tensor, batch: PageBatch, weight: Tensor) -> Tensor:
    size = (batch.boxes.sum(1) / 2).clamp(min=_SMALLEST_BOX)  # the mean of width and height
    errors = (sides - batch.boxes).abs().sum(1) / size
    return (errors * weight).sum() / weight.sum().clamp(min=1e-3)
