import numpy as np
import pytest
import torch

from tendigits.data import Dataset
from tendigits.training.batches import batches, epoch_order, scaled

INDICES = np.arange(100, 1100)


def test_every_grey_level_becomes_exactly_its_255th() -> None:
    levels = torch.arange(256, dtype=torch.uint8).reshape(256, 1, 1).expand(256, 28, 28)
    exact = (np.arange(256) / 255).astype(np.float32)
    result = scaled(levels)
    assert result.dtype == torch.float32
    assert result.shape == (256, 1, 28, 28)
    assert np.array_equal(result.numpy(), np.broadcast_to(exact[:, None, None, None], result.shape))


def test_scaling_leaves_the_images_as_they_are(small_mnist: Dataset) -> None:
    images = torch.from_numpy(small_mnist.train.images)
    before = images.clone()
    scaled(images)
    assert torch.equal(images, before)
    assert images.shape == before.shape


def test_an_epoch_goes_through_every_image_once() -> None:
    order = epoch_order(INDICES, seed=0, epoch=1)
    assert order.dtype == torch.int64
    assert sorted(order.tolist()) == INDICES.tolist()


def test_seed_and_epoch_fix_the_order() -> None:
    assert torch.equal(epoch_order(INDICES, 5, 3), epoch_order(INDICES, 5, 3))


@pytest.mark.parametrize(("seed", "epoch"), [(5, 4), (6, 3), (3, 5)])
def test_another_seed_or_epoch_gives_another_order(seed: int, epoch: int) -> None:
    assert not torch.equal(epoch_order(INDICES, 5, 3), epoch_order(INDICES, seed, epoch))


@pytest.mark.parametrize(
    ("batch_size", "sizes"), [(1, [1] * 10), (4, [4, 4, 2]), (5, [5, 5]), (64, [10])]
)
def test_batches_hold_images_with_their_labels_in_order(
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
