import numpy as np
import pytest
import torch

from tendigits.data import NON_DIGIT, Dataset, LabelledImages, stratified_split
from tendigits.recipes import AugmentationSettings, load_recipe
from tendigits.training.training_data import (
    AugmentedBatches,
    batch_sizes,
    batches,
    build_training_data,
    epoch_generator,
    epoch_order,
    seed_dropout,
)

INDICES = np.arange(100, 1100)
CPU = torch.device("cpu")


def test_recipe_without_drawn_images_trains_on_the_split_alone(small_mnist: Dataset) -> None:
    split = stratified_split(small_mnist.train.labels, 0.1, seed=0)
    data = build_training_data(load_recipe("mlp"), small_mnist.train, split)
    assert data.images is small_mnist.train.images
    assert data.labels is small_mnist.train.labels
    assert np.array_equal(data.indices, split.train)


def test_ood_images_are_added_with_the_label_non_digit(small_mnist: Dataset) -> None:
    split = stratified_split(small_mnist.train.labels, 0.1, seed=0)
    data = build_training_data(load_recipe("mlp", {"ood.count": 40}), small_mnist.train, split)
    assert np.array_equal(data.images[:2000], small_mnist.train.images)
    assert data.labels[2000:].tolist() == [NON_DIGIT] * 40
    assert sorted(data.indices.tolist()) == [*split.train.tolist(), *range(2000, 2040)]


def test_synthetic_digits_are_added_with_their_labels(small_mnist: Dataset) -> None:
    split = stratified_split(small_mnist.train.labels, 0.1, seed=0)
    recipe = load_recipe("mlp", {"synthetic_digits": 50})
    data = build_training_data(recipe, small_mnist.train, split)
    assert data.labels[2000:].tolist() == [1] * 25 + [7] * 25
    assert len(data.indices) == 1800 + 50


def test_no_validation_image_is_among_the_training_indices(small_mnist: Dataset) -> None:
    split = stratified_split(small_mnist.train.labels, 0.1, seed=0)
    recipe = load_recipe("mlp", {"ood.count": 40, "synthetic_digits": 10})
    data = build_training_data(recipe, small_mnist.train, split)
    assert not np.isin(split.validation, data.indices).any()


@pytest.mark.parametrize(("count", "repeats"), [(4, 50), (1, 100), (500, 1)])
def test_corrections_are_repeated_up_to_a_hundred_times_for_their_fraction(
    small_mnist: Dataset, count: int, repeats: int
) -> None:
    train = small_mnist.train
    split = stratified_split(train.labels, 0.1, seed=0)
    recipe = load_recipe(
        "mlp",
        {
            "fine_tuning.fraction": 0.1,
            "fine_tuning.model_sha256": "",
            "fine_tuning.corrections_sha256": "",
        },
    )
    corrections = LabelledImages(train.images[:count, ::-1], train.labels[:count])
    data = build_training_data(recipe, train, split, corrections)
    assert np.array_equal(data.images[2000:], corrections.images)
    assert np.array_equal(data.labels[2000:], corrections.labels)
    indices, counts = np.unique(data.indices[data.indices >= 2000], return_counts=True)
    assert indices.tolist() == list(range(2000, 2000 + count))
    assert set(counts.tolist()) == {repeats}


def test_epoch_contains_every_image_once() -> None:
    order = epoch_order(INDICES, seed=0, epoch=1)
    assert order.dtype == torch.int64
    assert sorted(order.tolist()) == INDICES.tolist()


def test_same_seed_and_epoch_give_the_same_order() -> None:
    assert torch.equal(epoch_order(INDICES, 5, 3), epoch_order(INDICES, 5, 3))


@pytest.mark.parametrize(("seed", "epoch"), [(5, 4), (6, 3), (3, 5)])
def test_another_seed_or_epoch_gives_another_order(seed: int, epoch: int) -> None:
    assert not torch.equal(epoch_order(INDICES, 5, 3), epoch_order(INDICES, seed, epoch))


@pytest.mark.parametrize(
    ("batch_size", "sizes"),
    [(1, [1] * 10), (3, [3, 3, 4]), (4, [4, 4, 2]), (5, [5, 5]), (9, [10]), (64, [10])],
)
def test_batches_contain_images_with_their_labels_in_order(
    small_mnist: Dataset, batch_size: int, sizes: list[int]
) -> None:
    images, labels = small_mnist.train.images, small_mnist.train.labels
    order = np.random.default_rng(0).permutation(len(labels))[:10]
    made = list(
        batches(
            torch.from_numpy(images), torch.from_numpy(labels), torch.from_numpy(order), batch_size
        )
    )
    assert [len(targets) for _, targets in made] == sizes
    assert np.array_equal(torch.cat([targets for _, targets in made]), labels[order])
    inputs = torch.cat([inputs for inputs, _ in made])[:, 0]
    assert np.array_equal(inputs, (images[order] / 255).astype(np.float32))


def test_random_state_of_an_epoch_depends_on_seed_and_epoch_alone() -> None:
    drawn = [
        torch.rand(3, generator=epoch_generator(seed, epoch, CPU)).tolist()
        for seed, epoch in ((0, 1), (0, 1), (0, 2), (1, 1))
    ]
    assert drawn[0] == drawn[1]
    assert drawn[0] not in drawn[2:]


def test_single_image_that_is_left_joins_the_last_batch() -> None:
    assert batch_sizes(257, 128) == [128, 129]
    assert batch_sizes(258, 128) == [128, 128, 2]
    assert batch_sizes(1, 128) == [1]
    assert batch_sizes(54_000, 128) == [128] * 421 + [112]


def test_dropout_on_a_gpu_is_seeded_by_seed_and_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[int] = []
    monkeypatch.setattr(torch.cuda, "manual_seed", seeds.append)
    before = torch.get_rng_state()
    for seed, epoch in ((0, 1), (0, 1), (0, 2), (1, 1)):
        seed_dropout(seed, epoch, torch.device("cuda"))
        seed_dropout(seed, epoch, CPU)
    assert len(seeds) == 4
    assert seeds[0] == seeds[1]
    assert len({*seeds, epoch_generator(0, 1, CPU).initial_seed()}) == 4
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("augmentation", [None, AugmentationSettings(translation_pixels=2.0)])
def test_batches_are_augmented_where_there_are_settings_and_their_making_is_timed(
    small_mnist: Dataset, augmentation: AugmentationSettings | None
) -> None:
    train = small_mnist.train
    images, labels = torch.from_numpy(train.images), torch.from_numpy(train.labels)
    plain = list(batches(images, labels, torch.arange(300), 100))
    augmented = AugmentedBatches(iter(plain), augmentation, epoch_generator(0, 1, CPU))
    made = list(augmented)
    assert augmented.seconds > 0
    for (inputs, targets), (before, expected) in zip(made, plain, strict=True):
        assert torch.equal(targets, expected)
        assert torch.equal(inputs, before) == (augmentation is None)
