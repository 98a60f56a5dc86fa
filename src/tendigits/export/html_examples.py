"""The training images that each unit of a network responds to most, few enough for a small file.

With the six strongest images of each of 700 units a page would need 3,000 images. So those are
taken that are among the strongest of as many units as possible, until each unit has six of its own
strongest hundred.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tendigits.data import LabelledImages
from tendigits.export.html_network import Layer
from tendigits.export.model_file import evenly_spaced
from tendigits.networks.torch_classifier import in_batches, scaled

IMAGES = 10_000  # of the training images, evenly spaced; more take longer and change little
STRONGEST, EXAMPLES = 100, 6
NONE = 0xFFFF  # for a unit that responds to no image


@dataclass(frozen=True, eq=False)
class Examples:
    """Training images, and which of them each unit responds to most.

    Attributes:
        images: (m, 28, 28) uint8.
        labels: (m,) int64.
        of_units: (units, 6) uint16, indices of images, the strongest first; NONE without one. Units
            are the outputs of all layers, in order.
        count: among how many training images the strongest were sought.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    of_units: NDArray[np.uint16]
    count: int

    def packed(self) -> bytes:
        """Return it as bytes: grey levels of 4 bits, two to a byte, then labels, then indices."""
        levels = np.rint(self.images / 17).astype(np.uint8).reshape(-1, 2)
        pairs = levels[:, 0] << 4 | levels[:, 1]
        return pairs.tobytes() + self.labels.astype(np.uint8).tobytes() + self._indices()

    def _indices(self) -> bytes:
        return self.of_units.astype("<u2").tobytes()


def find_examples(network: nn.Module, layers: Sequence[Layer], data: LabelledImages) -> Examples:
    """Return examples for the units of a network.

    Args:
        network: without batch normalisations, with the layers' weights.
        layers: its layers with weights.
        data: training images.
    """
    data = data.subset(evenly_spaced(np.arange(len(data)), IMAGES))
    responses = _responses(network, layers, data.images)
    strongest = np.argsort(-responses, axis=0)[:STRONGEST].T
    responds = np.take_along_axis(responses.T, strongest, axis=1) > 0
    chosen = _cover([row[kept] for row, kept in zip(strongest, responds, strict=True)], len(data))
    pool = np.flatnonzero(chosen)
    of_units = np.full((responses.shape[1], EXAMPLES), NONE, np.uint16)
    for unit, (row, kept) in enumerate(zip(strongest, responds, strict=True)):
        own = [image for image in row[kept] if chosen[image]][:EXAMPLES]
        of_units[unit, : len(own)] = np.searchsorted(pool, own)
    return Examples(data.images[pool], data.labels[pool], of_units, len(data))


def _responses(
    network: nn.Module, layers: Sequence[Layer], images: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Return the strongest activation of each unit for each image, (n, units)."""
    modules = [each for each in network.modules() if isinstance(each, nn.Conv2d | nn.Linear)]

    @torch.inference_mode()
    def respond(batch: Tensor) -> Tensor:
        # Batches are computed at the same time, so each notes its activations by itself.
        noted: list[Tensor] = []
        values = scaled(batch)
        for module in _steps(network):
            values = module(values)
            if module in modules:
                noted.append(values.amax((2, 3)) if values.ndim == 4 else values.clone())
        return torch.cat(noted, 1)

    responses = in_batches(respond, images).numpy()
    linear_last = len(layers[-1].bias)
    responses[:, :-linear_last] = np.maximum(responses[:, :-linear_last], 0)
    return responses


def _steps(network: nn.Module) -> list[nn.Module]:
    """Return the layers of a sequential network in the order in which they are computed."""
    return [each for each in network.modules() if not list(each.children())]


def _cover(wanted: Sequence[NDArray[np.intp]], count: int) -> NDArray[np.bool_]:
    """Return which images to keep, so that each unit has enough of those that it wants."""
    gains = np.zeros(count, np.int64)
    units_of: dict[int, list[int]] = {}
    for unit, images in enumerate(wanted):
        gains[images] += 1
        for image in images:
            units_of.setdefault(int(image), []).append(unit)
    missing = [min(EXAMPLES, len(images)) for images in wanted]
    chosen = np.zeros(count, bool)
    while (best := int(gains.argmax())) in units_of and gains[best] > 0:
        chosen[best] = True
        gains[best] = 0
        for unit in units_of[best]:
            missing[unit] -= 1
            if missing[unit] == 0:
                others = wanted[unit]
                gains[others] -= ~chosen[others]
    return chosen
