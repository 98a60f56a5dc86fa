"""Augmentation: random changes of shape, stroke and grey levels, one batch at a time."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tendigits.data import LabelledImages
from tendigits.data.describe import draw_grid
from tendigits.networks.torch_classifier import scaled
from tendigits.recipes import AugmentationSettings

PREVIEW_COPIES = 19  # augmented copies of each image in the preview


def augment(images: Tensor, settings: AugmentationSettings, generator: torch.Generator) -> Tensor:
    """Return the images with random changes, drawn for each image.

    Source of the elastic distortion: P. Simard, D. Steinkraus, J. Platt, "Best practices for
    convolutional neural networks", ICDAR 2003; here with an interpolated coarse random field in
    place of a smoothed fine one.

    Args:
        images: (n, 1, h, w) float32 in [0, 1].
        settings: the amount of each change.
        generator: a random state on the images' device; the same state gives the same result.

    Returns:
        (n, 1, h, w) float32; noise can leave [0, 1].
    """
    if settings.stroke:
        images = _change_stroke(images, settings.stroke, generator)
    if settings.neighbour_fragments:
        images = _add_neighbour_fragments(images, settings.neighbour_fragments, generator)
    grid = _affine_grid(_affine_maps(len(images), images.shape[-1], settings, generator), images)
    if settings.elastic_pixels:
        grid = grid + _elastic_field(images, settings, generator)
    images = functional.grid_sample(images, grid, align_corners=False)
    if settings.downsampling:
        images = _downsample(images, settings.downsampling, generator)
    if settings.outlines:
        images = _change_some(images, settings.outlines, _outlined, generator)
    if settings.crossing_lines:
        images = _change_some(images, settings.crossing_lines, _crossed, generator)
    if settings.inverted_areas:
        images = _change_some(images, settings.inverted_areas, _partly_inverted, generator)
    return _change_levels(images, settings, generator)


def draw_augmented(
    data: LabelledImages,
    settings: AugmentationSettings,
    class_names: tuple[str, ...],
    path: Path,
) -> None:
    """Write a PNG: one row per class, an image of it followed by 19 augmented copies."""
    generator = torch.Generator().manual_seed(0)
    rows = []
    labels = np.unique(data.labels)  # a data set may lack a class
    for label in labels:
        image = data.images[np.flatnonzero(data.labels == label)[:1]]
        rows.append(np.concatenate([image, _augmented_copies(image, settings, generator)]))
    draw_grid([class_names[label] for label in labels], rows, path)


def _augmented_copies(
    image: NDArray[np.uint8], settings: AugmentationSettings, generator: torch.Generator
) -> NDArray[np.uint8]:
    copies = scaled(torch.from_numpy(image).repeat(PREVIEW_COPIES, 1, 1))
    augmented = augment(copies, settings, generator).clamp(0, 1)
    return (augmented[:, 0] * 255).round().byte().numpy()


def _affine_maps(
    count: int, size: int, settings: AugmentationSettings, generator: torch.Generator
) -> Tensor:
    """Return (n, 2, 3) affine maps from coordinates in the new image, in [-1, 1], to the old."""

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


def _affine_grid(maps: Tensor, images: Tensor) -> Tensor:
    """Return where each pixel comes from, (n, h, w, 2) in [-1, 1], as torch's affine_grid does.

    One product of matrices; torch's batch of small ones takes three times as long.
    """
    count, _, height, width = images.shape
    y = (2 * torch.arange(height, device=images.device) + 1) / height - 1
    x = (2 * torch.arange(width, device=images.device) + 1) / width - 1
    places = torch.stack(
        [x.repeat(height), y.repeat_interleave(width), torch.ones_like(x).repeat(height)]
    )
    grid: Tensor = (maps.view(-1, 3) @ places).view(count, 2, height, width)
    return grid.permute(0, 2, 3, 1)


def _elastic_field(
    images: Tensor, settings: AugmentationSettings, generator: torch.Generator
) -> Tensor:
    """Return smooth random displacements (n, h, w, 2), in the units of a sampling grid."""
    count, _, height, width = images.shape
    cells = settings.elastic_cells
    coarse = torch.randn(count, 2, cells, cells, generator=generator, device=generator.device)
    coarse = coarse * (settings.elastic_pixels * 2 / width)
    fine = functional.interpolate(coarse, (height, width), mode="bicubic", align_corners=True)
    return fine.permute(0, 2, 3, 1)


def _change_stroke(images: Tensor, limit: float, generator: torch.Generator) -> Tensor:
    """Thicken strokes by up to `limit` pixels on each side, or thin them by up to half as many."""
    # Thinned by half as much only, as a thin stroke would vanish.
    amount = limit * (1.5 * _random(images, generator) - 0.5)
    thinner = -functional.max_pool2d(-images, 3, stride=1, padding=1)
    thinned = images - amount.clamp(-1, 0) * (thinner - images)
    thicker = functional.max_pool2d(thinned, 3, stride=1, padding=1)
    once = thinned + amount.clamp(0, 1) * (thicker - thinned)
    if limit <= 1:
        return once
    thicker = functional.max_pool2d(once, 3, stride=1, padding=1)
    return once + (amount - 1).clamp(min=0) * (thicker - once)


def _add_neighbour_fragments(images: Tensor, fraction: float, generator: torch.Generator) -> Tensor:
    """Add the edge of another image, or a ruled line, to a `fraction` of the images."""
    chosen = _random(images, generator)
    size = images.shape[-1]
    # Most images have a margin of four pixels, so one to six pixels of the other digit are seen.
    seen = int(torch.randint(5, 11, (), generator=generator, device=generator.device))
    edge = functional.pad(images.roll(1, 0)[..., :seen], (size - seen, 0))
    if torch.rand((), generator=generator, device=generator.device) < 0.5:
        edge = edge.flip(-1)
    middle = size * _random(images, generator)
    rows = torch.arange(size, device=images.device).view(1, 1, size, 1)
    level, width = _random(images, generator), 0.5 + _random(images, generator)
    rule = level * (width - (rows - middle).abs()).clamp(0, 1)
    fragment = torch.where(chosen < fraction / 2, edge, rule) * (chosen < fraction)
    return torch.maximum(images, fragment)


def _downsample(images: Tensor, fraction: float, generator: torch.Generator) -> Tensor:
    """Reduce a `fraction` of the images and enlarge them again, like digits in small pictures."""
    size = images.shape[-1]
    side = int(torch.randint(10, 19, (), generator=generator, device=generator.device))
    small = functional.interpolate(images, (side, side), mode="area")
    # Bicubic is the nearest that torch has to the Lanczos filter by which frames are enlarged.
    reduced = functional.interpolate(small, (size, size), mode="bicubic").clamp(0, 1)
    # The darkest pixel becomes full ink, as in a frame made from a small picture.
    reduced = reduced / reduced.amax((1, 2, 3), keepdim=True).clamp(min=0.3)
    return torch.where(_random(images, generator) < fraction, reduced, images)


def _change_some(
    images: Tensor,
    fraction: float,
    change: Callable[[Tensor, torch.Generator], Tensor],
    generator: torch.Generator,
) -> Tensor:
    """Return the images with `change` made to a `fraction` of them."""
    chosen = torch.nonzero(_random(images, generator).flatten() < fraction).flatten()
    if not len(chosen):
        return images
    return images.index_copy(0, chosen, change(images[chosen], generator))


def _outlined(images: Tensor, generator: torch.Generator) -> Tensor:  # noqa: ARG001
    """Replace strokes by a line of one pixel around them."""
    return functional.max_pool2d(images, 3, stride=1, padding=1) - images


def _crossed(images: Tensor, generator: torch.Generator) -> Tensor:
    """Draw a line across each image, a second across half of them, a third across a quarter."""
    for count in (len(images), len(images) // 2, len(images) // 4):
        if count:
            crossed = _with_line(images[:count], generator)
            images = torch.cat([crossed, images[count:]])
    return images


def _with_line(images: Tensor, generator: torch.Generator) -> Tensor:
    """Draw a line across each image: straight or wavy, whole or dashed."""
    size = images.shape[-1]
    place = torch.arange(size, device=images.device) - (size - 1) / 2
    angle, shift, wave, period, dash, phase, width, level = (
        _random(images, generator)[:, 0] for _ in range(8)
    )
    cosine, sine = torch.cos(math.pi * angle), torch.sin(math.pi * angle)
    across = cosine * place + sine * place[:, None] + size * (shift - 0.5) / 2
    along = cosine * place[:, None] - sine * place
    turn = 2 * math.pi * (along / (4 + 12 * period) + phase)
    across = across + 4 * (wave - 0.5).clamp(min=0) * torch.sin(turn)
    line = (0.5 + 0.5 * width + 0.5 - across.abs()).clamp(0, 1) * (0.5 + 0.5 * level)
    dashed = (dash < 0.5) & (torch.sin(2 * turn) < 0)
    return torch.maximum(images, (line * ~dashed)[:, None])


def _partly_inverted(images: Tensor, generator: torch.Generator) -> Tensor:
    """Invert a rectangle of random sides in each image; some reach from border to border."""
    size = images.shape[-1]
    place = torch.arange(size, device=images.device)

    def between() -> Tensor:
        middle, half = _random(images, generator), 0.02 + 0.6 * _random(images, generator) ** 2
        return (place - size * middle).abs() <= size * half

    whole = _random(images, generator)
    rows = between() | (whole < 0.3)
    columns = between() | (whole > 0.7)
    area = rows.transpose(2, 3) & columns
    return torch.where(area, 1 - images, images)


def _change_levels(
    images: Tensor, settings: AugmentationSettings, generator: torch.Generator
) -> Tensor:
    """Blur the images, change their contrast and add noise."""
    if settings.blur:
        blurred = functional.avg_pool2d(images, 3, stride=1, padding=1)
        blurred = functional.avg_pool2d(blurred, 3, stride=1, padding=1)
        images = torch.lerp(images, blurred, settings.blur * _random(images, generator))
    if settings.contrast:
        power = torch.exp(settings.contrast * (2 * _random(images, generator) - 1))
        images = images.clamp(min=1e-6) ** power
    if settings.noise:
        grain = torch.randn(images.shape, generator=generator, device=generator.device)
        images = images + settings.noise * _random(images, generator) * grain
    return images


def _random(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return a random number from 0 to 1 for each image: (n, 1, 1, 1)."""
    return torch.rand(len(images), 1, 1, 1, generator=generator, device=generator.device)
