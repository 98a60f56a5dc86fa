from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tendigits.data import Dataset
from tendigits.networks.torch_classifier import scaled
from tendigits.recipes import AugmentationSettings
from tendigits.training.augmentation import augment, draw_augmented

EVERYTHING = AugmentationSettings(
    rotation_degrees=10.0,
    scale=0.1,
    shear=0.1,
    translation_pixels=2.0,
    elastic_pixels=1.0,
    stroke=0.5,
)


@pytest.fixture(scope="module")
def images(mnist: Dataset) -> torch.Tensor:
    return scaled(torch.from_numpy(mnist.train.images[:256]))


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def test_default_settings_change_nothing(images: torch.Tensor) -> None:
    same = augment(images, AugmentationSettings(), seeded())
    torch.testing.assert_close(same, images, atol=1e-5, rtol=0)


def test_same_random_state_gives_the_same_images(images: torch.Tensor) -> None:
    first, second = (augment(images, EVERYTHING, seeded()) for _ in range(2))
    assert torch.equal(first, second)


def test_amounts_are_drawn_for_each_image(images: torch.Tensor) -> None:
    copies = images[:1].repeat(50, 1, 1, 1)
    augmented = augment(copies, EVERYTHING, seeded())
    assert len(augmented.flatten(1).unique(dim=0)) == 50


@pytest.mark.parametrize("name", sorted(AugmentationSettings.model_fields))
def test_every_setting_has_an_effect(images: torch.Tensor, name: str) -> None:
    if name == "unaugmented_epochs":  # applied by the recipe
        return
    settings = AugmentationSettings(elastic_pixels=1.0)
    other = 3 if name == "elastic_cells" else 0.5
    changed = settings.model_copy(update={name: other})
    before, after = (augment(images, each, seeded()) for each in (settings, changed))
    assert (before - after).abs().max() > 0.05


def test_translation_moves_the_ink_by_at_most_the_setting(images: torch.Tensor) -> None:
    moved = augment(images, AugmentationSettings(translation_pixels=2.0), seeded())
    shift = (_centre(moved) - _centre(images)).abs()
    assert 1.5 < shift.max() < 2.2


def test_rotation_is_at_most_the_setting() -> None:
    bar = torch.zeros(200, 1, 28, 28)
    bar[:, :, 4:24, 13:15] = 1
    turned = augment(bar, AugmentationSettings(rotation_degrees=30.0), seeded())
    angles = _direction(turned).rad2deg().abs()
    assert 25 < angles.max() < 31


def test_strokes_become_thicker_and_thinner(images: torch.Tensor) -> None:
    drawn = augment(images[:1].repeat(200, 1, 1, 1), AugmentationSettings(stroke=0.8), seeded())
    ink = drawn.sum((1, 2, 3)) / images[0].sum()
    assert 0.4 < ink.min() < 0.8
    assert ink.max() > 1.4


def test_strokes_can_become_two_pixels_thicker_on_each_side(images: torch.Tensor) -> None:
    drawn = augment(images[:1].repeat(200, 1, 1, 1), AugmentationSettings(stroke=2.0), seeded())
    once = augment(images[:1].repeat(200, 1, 1, 1), AugmentationSettings(stroke=1.0), seeded())
    assert drawn.sum((1, 2, 3)).max() > 1.3 * once.sum((1, 2, 3)).max()


def test_blur_keeps_the_sum_of_the_ink_and_softens_it(images: torch.Tensor) -> None:
    drawn = augment(images, AugmentationSettings(blur=1.0), seeded())
    torch.testing.assert_close(drawn.sum((1, 2, 3)), images.sum((1, 2, 3)), rtol=0.01, atol=0.5)
    assert (drawn.square().sum((1, 2, 3)) < images.square().sum((1, 2, 3))).all()


def test_contrast_keeps_paper_and_full_ink(images: torch.Tensor) -> None:
    drawn = augment(images, AugmentationSettings(contrast=0.5), seeded())
    torch.testing.assert_close(drawn[images == 1], torch.ones(int((images == 1).sum())))
    assert drawn[images == 0].max() < 0.01
    between = (images > 0.2) & (images < 0.8)
    assert (drawn[between] - images[between]).abs().mean() > 0.03


def test_neighbour_fragments_add_ink_to_the_set_fraction_of_images(
    images: torch.Tensor,
) -> None:
    drawn = augment(images, AugmentationSettings(neighbour_fragments=0.5), seeded())
    added = drawn - images
    assert added.min() > -1e-5
    changed = (added.amax((1, 2, 3)) > 0.05).float().mean()
    assert 0.3 < changed < 0.5  # some fragments are blank


def test_crossing_lines_add_ink_to_the_set_fraction_of_images(images: torch.Tensor) -> None:
    added = augment(images, AugmentationSettings(crossing_lines=0.5), seeded()) - images
    assert added.min() > -1e-5
    assert 0.4 < (added.amax((1, 2, 3)) > 0.3).float().mean() < 0.6


def test_outlines_surround_the_strokes(images: torch.Tensor) -> None:
    outlined = augment(images, AugmentationSettings(outlines=0.99), seeded())
    changed = (outlined - images).abs().amax((1, 2, 3)) > 0.5
    assert changed.float().mean() > 0.95
    assert outlined[changed][images[changed] > 0.999].max() < 1e-3
    assert outlined[changed].amax((1, 2, 3)).min() > 0.9


def test_inverted_areas_are_rectangles_of_the_set_fraction_of_images(images: torch.Tensor) -> None:
    blank = torch.zeros_like(images)
    inverted = augment(blank, AugmentationSettings(inverted_areas=0.5), seeded()) == 1
    some = inverted.amax((1, 2, 3))
    assert 0.4 < some.float().mean() < 0.6
    for area in inverted[some, 0]:
        assert torch.equal(area, area.any(1)[:, None] & area.any(0))


def test_noise_is_at_most_as_strong_as_the_setting(images: torch.Tensor) -> None:
    drawn = augment(images, AugmentationSettings(noise=0.2), seeded())
    deviations = (drawn - images).std((1, 2, 3))
    assert deviations.max() < 0.22
    assert deviations.std() > 0.01


def test_downsampling_blurs_the_set_fraction_of_images(images: torch.Tensor) -> None:
    drawn = augment(images, AugmentationSettings(downsampling=0.5), seeded())
    changed = ((drawn - images).abs().amax((1, 2, 3)) > 0.05).float().mean()
    assert 0.35 < changed < 0.65


def test_preview_shows_an_image_of_each_class_and_augmented_copies(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "augmented.png"
    settings = AugmentationSettings(translation_pixels=4.0)
    draw_augmented(small_mnist.train, settings, small_mnist.class_names, path)
    with Image.open(path) as picture:
        pixels = 255 - np.asarray(picture)
    rows = np.array_split(pixels[4:], 10)  # one per class, above them a gap
    five = small_mnist.train.images[np.flatnonzero(small_mnist.train.labels == 5)[0]]
    enlarged = five.repeat(2, axis=0).repeat(2, axis=1)
    columns = pixels.shape[1] // 60
    margin = pixels.shape[1] - 4 - columns * 60
    assert columns == 20
    assert np.array_equal(rows[5][:56, margin : margin + 56], enlarged)
    copies = [rows[5][:56, left : left + 56] for left in range(margin, margin + 1200, 60)]
    assert len({copy.tobytes() for copy in copies}) == 20


def _centre(images: torch.Tensor) -> torch.Tensor:
    rows = torch.arange(28.0)
    mass = images[:, 0] / images[:, 0].sum((1, 2), keepdim=True)
    return torch.stack([(mass.sum(1) * rows).sum(1), (mass.sum(2) * rows).sum(1)], 1)


def _direction(images: torch.Tensor) -> torch.Tensor:
    """Return the angle between each image's main axis and the vertical."""
    offsets = torch.arange(28.0) - 13.5
    ink = images[:, 0]
    xx = (ink * offsets[None, None, :] ** 2).sum((1, 2))
    yy = (ink * offsets[None, :, None] ** 2).sum((1, 2))
    xy = (ink * offsets[None, None, :] * offsets[None, :, None]).sum((1, 2))
    return 0.5 * torch.atan2(2 * xy, yy - xx)
