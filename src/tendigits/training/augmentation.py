"""Other handwritings of the same digits: form, stroke and grey levels, a batch at a time."""

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
    if settings.neighbour_fragments:
        images = _add_neighbour_fragments(images, settings.neighbour_fragments, generator)
    grid = functional.affine_grid(
        _affine_maps(len(images), images.shape[-1], settings, generator),
        list(images.shape),
        align_corners=False,
    )
    if settings.elastic_pixels:
        grid = grid + _elastic_field(images, settings, generator)
    images = functional.grid_sample(images, grid, align_corners=False)
    if settings.downsampling:
        images = _downsample(images, settings.downsampling, generator)
    return _change_levels(images, settings, generator)


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
    """Thicken each stroke by up to `limit` pixels on either side, or thin it by up to half."""
    # Thinned by half as much as thickened, as a thin stroke would vanish.
    amount = limit * (1.5 * _drawn(images, generator) - 0.5)
    thinner = -functional.max_pool2d(-images, 3, stride=1, padding=1)
    thinned = images - amount.clamp(-1, 0) * (thinner - images)
    thicker = functional.max_pool2d(thinned, 3, stride=1, padding=1)
    once = thinned + amount.clamp(0, 1) * (thicker - thinned)
    if limit <= 1:
        return once
    thicker = functional.max_pool2d(once, 3, stride=1, padding=1)
    return once + (amount - 1).clamp(min=0) * (thicker - once)


def _add_neighbour_fragments(images: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Lay the edge of a neighbour into half of a share of images, a ruled line into the others."""
    chosen = _drawn(images, generator)
    size = images.shape[-1]
    # Most digits leave four pixels free on each side, so of a neighbour one to six are seen.
    seen = int(torch.randint(5, 11, (), generator=generator, device=generator.device))
    edge = functional.pad(images.roll(1, 0)[..., :seen], (size - seen, 0))
    if torch.rand((), generator=generator, device=generator.device) < 0.5:
        edge = edge.flip(-1)
    middle = size * _drawn(images, generator)
    rows = torch.arange(size, device=images.device).view(1, 1, size, 1)
    level, width = _drawn(images, generator), 0.5 + _drawn(images, generator)
    rule = level * (width - (rows - middle).abs()).clamp(0, 1)
    scrap = torch.where(chosen < share / 2, edge, rule) * (chosen < share)
    return torch.maximum(images, scrap)


def _downsample(images: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Bring a share of images to a few pixels and back, as small pictures are enlarged."""
    size = images.shape[-1]
    side = int(torch.randint(10, 19, (), generator=generator, device=generator.device))
    small = functional.interpolate(images, (side, side), mode="area")
    coarse = functional.interpolate(small, (size, size), mode="bilinear")
    # The darkest of few pixels is taken for full ink.
    coarse = coarse / coarse.amax((1, 2, 3), keepdim=True).clamp(min=0.3)
    return torch.where(_drawn(images, generator) < share, coarse, images)


def _change_levels(
    images: Tensor, settings: AugmentationSettings, generator: torch.Generator
) -> Tensor:
    """Blur each image, change its contrast and add noise, each as far as drawn for it."""
    if settings.blur:
        blurred = functional.avg_pool2d(images, 3, stride=1, padding=1)
        blurred = functional.avg_pool2d(blurred, 3, stride=1, padding=1)
        images = torch.lerp(images, blurred, settings.blur * _drawn(images, generator))
    if settings.contrast:
        power = torch.exp(settings.contrast * (2 * _drawn(images, generator) - 1))
        images = images.clamp(min=1e-6) ** power
    if settings.noise:
        grain = torch.randn(images.shape, generator=generator, device=generator.device)
        images = images + settings.noise * _drawn(images, generator) * grain
    return images


def _drawn(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return a number from 0 to 1 for each image: (n, 1, 1, 1)."""
    return torch.rand(len(images), 1, 1, 1, generator=generator, device=generator.device)
