import numpy as np
from scipy import ndimage

from tendigits.data import Dataset
from tendigits.evaluation.corruptions.resample import MIDDLE, affine, resample

TURN = np.array([[0.8, -0.6], [0.6, 0.8]])


def test_pixels_come_from_where_scipy_takes_them(mnist: Dataset) -> None:
    images = mnist.test.images[:10].astype(np.float32)
    ours = resample(images, [affine(TURN, (1.5, -2))], np.random.default_rng(0))
    offset = np.full(2, MIDDLE) - TURN @ np.full(2, MIDDLE) + (1.5, -2)
    theirs = [ndimage.affine_transform(each, TURN, offset, order=1) for each in images]
    inside = slice(4, 24)  # at the rim scipy has no half pixels
    np.testing.assert_allclose(
        ours[:, inside, inside], np.array(theirs)[:, inside, inside], atol=0.01
    )


def test_nothing_moved_is_nothing_changed(mnist: Dataset) -> None:
    images = mnist.test.images[:10].astype(np.float32)
    np.testing.assert_array_equal(
        resample(images, [affine(np.eye(2))], np.random.default_rng(0)), images
    )


def test_every_variant_is_met(mnist: Dataset) -> None:
    images = np.repeat(mnist.test.images[:1], 200, axis=0).astype(np.float32)
    variants = [affine(np.eye(2), (shift, 0)) for shift in (-3, 0, 3)]
    found = resample(images, variants, np.random.default_rng(0))
    assert len(np.unique(found.reshape(200, -1), axis=0)) == 3
