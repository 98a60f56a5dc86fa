"""Other handwritings of the same digits: affine, elastic, stroke width, a batch at a time."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from tendigits.recipes import AugmentationSettings


def augment(images: Tensor, settings: AugmentationSettings, generator: torch.Generator) -> Tensor:
    """Return each image bent, moved and thickened or thinned in its own random way.

    Elastic distortion is that of P. Simard, D. Steinkraus, J. Platt, "Best practices for
    convolutional neural networks", ICDAR 2003, with a coarse random field in place of a
    smoothed fine one.

    Args:
        images: (n, 1, h, w) float32 in [0, 1].
        settings: how far each distortion goes.
        generator: a random state on the images' device; the same state gives the same result.
    """
    if settings.stroke:
        images = _change_stroke(images, settings.stroke, generator)
    grid = functional.affine_grid(
        _affine_maps(len(images), images.shape[-1], settings, generator),
        list(images.shape),
        align_corners=False,
    )
    if settings.elastic_pixels:
        grid = grid + _elastic_field(images, settings, generator)
    return functional.grid_sample(images, grid, align_corners=False)


def _affine_maps(
    count: int, size: int, settings: AugmentationSettings, generator: torch.Generator
) -> Tensor:
    """Return (n, 2, 3) maps from the new image's coordinates in [-1, 1] to the old one's."""

    def uniform(limit: float) -> Tensor:
        return limit * (2 * torch.rand(count, generator=generator, device=generator.device) - 1)

    angle = uniform(math.radians(settings.rotation_degrees))
    zoom_x = torch.exp(uniform(settings.scale))
    zoom_y = torch.exp(uniform(settings.scale))
    shear = uniform(settings.shear)
    pixel = 2 / size
    cosine, sine = torch.cos(angle), torch.sin(angle)
    row_x = torch.stack(
        [cosine * zoom_x, shear - sine * zoom_x, uniform(settings.translation_pixels * pixel)], 1
    )
    row_y = torch.stack(
        [sine * zoom_y, cosine * zoom_y, uniform(settings.translation_pixels * pixel)], 1
    )
    return torch.stack([row_x, row_y], 1)


def _elastic_field(
    images: Tensor, settings: AugmentationSettings, generator: torch.Generator
) -> Tensor:
    """Return smooth random displacements (n, h, w, 2) in the units of a sampling grid."""
    count, _, height, width = images.shape
    cells = settings.elastic_cells
    coarse = torch.randn(count, 2, cells, cells, generator=generator, device=generator.device)
    coarse = coarse * (settings.elastic_pixels * 2 / width)
    fine = functional.interpolate(coarse, (height, width), mode="bicubic", align_corners=True)
    return fine.permute(0, 2, 3, 1)


def _change_stroke(images: Tensor, limit: float, generator: torch.Generator) -> Tensor:
    """Thicken or thin each image by up to `limit` of a pixel on either side of a stroke."""
    drawn = torch.rand(len(images), 1, 1, 1, generator=generator, device=generator.device)
    amount = limit * (2 * drawn - 1)
    thicker = functional.max_pool2d(images, 3, stride=1, padding=1)
    thinner = -functional.max_pool2d(-images, 3, stride=1, padding=1)
    return (
        images + amount.clamp(min=0) * (thicker - images) - amount.clamp(max=0) * (thinner - images)
    )
