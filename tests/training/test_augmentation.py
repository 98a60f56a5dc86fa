import pytest
import torch

from tendigits.data import Dataset
from tendigits.recipes import AugmentationSettings
from tendigits.training.augmentation import augment
from tendigits.training.batches import epoch_generator, scaled

CPU = torch.device("cpu")
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


def test_no_distortion_changes_nothing(images: torch.Tensor) -> None:
    untouched = augment(images, AugmentationSettings(), seeded())
    torch.testing.assert_close(untouched, images, atol=1e-5, rtol=0)


def test_the_same_random_state_gives_the_same_images(images: torch.Tensor) -> None:
    first, second = (augment(images, EVERYTHING, seeded()) for _ in range(2))
    assert torch.equal(first, second)


def test_each_image_is_distorted_in_its_own_way(images: torch.Tensor) -> None:
    copies = images[:1].repeat(50, 1, 1, 1)
    distorted = augment(copies, EVERYTHING, seeded())
    assert len(distorted.flatten(1).unique(dim=0)) == 50


def test_an_epochs_random_state_is_its_own_and_always_the_same() -> None:
    drawn = [
        torch.rand(3, generator=epoch_generator(seed, epoch, CPU)).tolist()
        for seed, epoch in ((0, 1), (0, 1), (0, 2), (1, 1))
    ]
    assert drawn[0] == drawn[1]
    assert drawn[0] not in drawn[2:]


@pytest.mark.parametrize("name", sorted(AugmentationSettings.model_fields))
def test_every_setting_has_an_effect(images: torch.Tensor, name: str) -> None:
    if name == "unaugmented_epochs":  # it is the recipe that heeds it
        return
    settings = AugmentationSettings(elastic_pixels=1.0)
    other = 3 if name == "elastic_cells" else 0.5
    changed = settings.model_copy(update={name: other})
    before, after = (augment(images, each, seeded()) for each in (settings, changed))
    assert (before - after).abs().max() > 0.05


def test_a_translation_moves_the_ink_by_at_most_as_much(images: torch.Tensor) -> None:
    moved = augment(images, AugmentationSettings(translation_pixels=2.0), seeded())
    shift = (_centre(moved) - _centre(images)).abs()
    assert 1.5 < shift.max() < 2.2


def test_a_rotation_turns_by_at_most_as_much() -> None:
    bar = torch.zeros(200, 1, 28, 28)
    bar[:, :, 4:24, 13:15] = 1
    turned = augment(bar, AugmentationSettings(rotation_degrees=30.0), seeded())
    angles = _direction(turned).rad2deg().abs()
    assert 25 < angles.max() < 31


def test_a_stroke_gets_thicker_and_thinner(images: torch.Tensor) -> None:
    drawn = augment(images[:1].repeat(200, 1, 1, 1), AugmentationSettings(stroke=0.8), seeded())
    ink = drawn.sum((1, 2, 3)) / images[0].sum()
    assert 0.4 < ink.min() < 0.8
    assert ink.max() > 1.4


def test_a_brush_may_be_two_pixels_wider_on_each_side(images: torch.Tensor) -> None:
    drawn = augment(images[:1].repeat(200, 1, 1, 1), AugmentationSettings(stroke=2.0), seeded())
    once = augment(images[:1].repeat(200, 1, 1, 1), AugmentationSettings(stroke=1.0), seeded())
    assert drawn.sum((1, 2, 3)).max() > 1.3 * once.sum((1, 2, 3)).max()


def test_blur_keeps_the_ink_and_softens_it(images: torch.Tensor) -> None:
    drawn = augment(images, AugmentationSettings(blur=1.0), seeded())
    torch.testing.assert_close(drawn.sum((1, 2, 3)), images.sum((1, 2, 3)), rtol=0.01, atol=0.5)
    assert (drawn.square().sum((1, 2, 3)) < images.square().sum((1, 2, 3))).all()


def test_contrast_keeps_paper_and_full_ink(images: torch.Tensor) -> None:
    drawn = augment(images, AugmentationSettings(contrast=0.5), seeded())
    torch.testing.assert_close(drawn[images == 1], torch.ones(int((images == 1).sum())))
    assert drawn[images == 0].max() < 0.01
    between = (images > 0.2) & (images < 0.8)
    assert (drawn[between] - images[between]).abs().mean() > 0.03


def test_scraps_lie_in_as_many_images_as_are_set_and_take_no_ink_away(
    images: torch.Tensor,
) -> None:
    drawn = augment(images, AugmentationSettings(neighbour_fragments=0.5), seeded())
    added = drawn - images
    assert added.min() > -1e-5
    changed = (added.amax((1, 2, 3)) > 0.05).float().mean()
    assert 0.3 < changed < 0.5  # some bits of neighbours are bare paper


def test_noise_is_as_strong_as_is_set(images: torch.Tensor) -> None:
    drawn = augment(images, AugmentationSettings(noise=0.2), seeded())
    deviations = (drawn - images).std((1, 2, 3))
    assert deviations.max() < 0.22
    assert deviations.std() > 0.01


def _centre(images: torch.Tensor) -> torch.Tensor:
    rows = torch.arange(28.0)
    mass = images[:, 0] / images[:, 0].sum((1, 2), keepdim=True)
    return torch.stack([(mass.sum(1) * rows).sum(1), (mass.sum(2) * rows).sum(1)], 1)


def _direction(images: torch.Tensor) -> torch.Tensor:
    """Return each image's main axis as an angle from upright."""
    offsets = torch.arange(28.0) - 13.5
    ink = images[:, 0]
    xx = (ink * offsets[None, None, :] ** 2).sum((1, 2))
    yy = (ink * offsets[None, :, None] ** 2).sum((1, 2))
    xy = (ink * offsets[None, None, :] * offsets[None, :, None]).sum((1, 2))
    return 0.5 * torch.atan2(2 * xy, yy - xx)
