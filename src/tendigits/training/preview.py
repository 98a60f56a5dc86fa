"""A picture of what the network is fed."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from tendigits.data import LabelledImages
from tendigits.data.describe import draw_grid
from tendigits.networks.inputs import scaled
from tendigits.recipes import AugmentationSettings
from tendigits.training.augmentation import augment

DISTORTED = 19


def draw_augmented(
    examples: LabelledImages,
    settings: AugmentationSettings,
    class_names: tuple[str, ...],
    path: Path,
) -> None:
    """Write a PNG: one image of each class as it is, then 19 times as the network is fed it."""
    generator = torch.Generator().manual_seed(0)
    rows = []
    labels = np.unique(examples.labels)  # a data set may lack a class
    for label in labels:
        image = examples.images[np.flatnonzero(examples.labels == label)[:1]]
        rows.append(np.concatenate([image, _distorted(image, settings, generator)]))
    draw_grid([class_names[label] for label in labels], rows, path)


def _distorted(
    image: NDArray[np.uint8], settings: AugmentationSettings, generator: torch.Generator
) -> NDArray[np.uint8]:
    copies = scaled(torch.from_numpy(image).repeat(DISTORTED, 1, 1))
    fed = augment(copies, settings, generator).clamp(0, 1)
    return (fed[:, 0] * 255).round().byte().numpy()
