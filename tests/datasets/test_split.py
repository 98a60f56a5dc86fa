import numpy as np

from tendigits.datasets import Dataset, stratified_split


def test_every_image_is_on_one_side_alone(mnist: Dataset) -> None:
    split = stratified_split(mnist.train.labels, 0.1, seed=0)
    together = np.concatenate([split.train, split.validation])
    assert (len(split.train), len(split.validation)) == (54_000, 6_000)
    assert np.array_equal(np.sort(together), np.arange(60_000))
