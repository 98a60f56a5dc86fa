"""Images and labels as people have them, as images (n, 28, 28) uint8 and labels (n,) int64."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tendigits.data.dataset import IMAGE_SIZE, LabelledImages, checked_images
from tendigits.errors import DataError

_PIXELS = IMAGE_SIZE**2
_FULL = 255


def labelled_images(
    images: ArrayLike, labels: ArrayLike, source: str
) -> tuple[LabelledImages, tuple[str, ...]]:
    """Return images with their labels, and what was done to them, one sentence each.

    Args:
        images: (n, 28, 28), (n, 784), (n, 28, 28, 1) or (n, 1, 28, 28); integers from 0 to 255,
            floats from 0 to 1 or from 0 to 255, or booleans. Dark ink on light paper is inverted.
        labels: (n,) integers from 0 to 9, also as floats or text.
        source: the name of the images in messages.

    Raises:
        DataError: a shape, a type, a grey level, the number of images or a label is invalid.
    """
    levels, notes = _in_8_bits(_in_shape(np.asarray(images)), source)
    found = checked_images(levels, _integers(np.asarray(labels)), source)
    if is_dark_on_light(found.images):
        note = f"{source}: dark digits on light paper were inverted."
        return LabelledImages(_FULL - found.images, found.labels), (*notes, note)
    return found, notes


def is_dark_on_light(images: NDArray[np.uint8]) -> bool:
    """Return whether most of the images (n, 28, 28) have light edges: dark ink on light paper."""
    edge = np.ones((IMAGE_SIZE, IMAGE_SIZE), bool)
    edge[1:-1, 1:-1] = False
    paper = float(np.median(images[:, edge].mean(axis=1)))
    return paper > _FULL / 2 and paper > float(np.median(images.mean(axis=(1, 2))))


def _in_shape(images: NDArray[Any]) -> NDArray[Any]:
    """Return the images as (n, 28, 28), or as they are if they have another shape."""
    shapes = ((_PIXELS,), (IMAGE_SIZE, IMAGE_SIZE, 1), (1, IMAGE_SIZE, IMAGE_SIZE))
    if images.shape[1:] in shapes:
        return images.reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    return images


def _in_8_bits(images: NDArray[Any], source: str) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Return grey levels from 0 to 255, and what was done; other types as they are."""
    if images.dtype == bool:
        return images.astype(np.uint8) * np.uint8(_FULL), ()
    if images.dtype.kind not in "uif" or not images.size:
        return images, ()
    low, high = float(images.min()), float(images.max())
    is_whole = images.dtype.kind != "f" or bool((images == np.rint(images)).all())
    if not (low >= 0 and (high <= 1 or (high <= _FULL and is_whole))):
        raise DataError(
            f"{source} has grey levels from {low:g} to {high:g}; give whole numbers from 0 to 255 "
            "or floats from 0 to 1, before they are normalised by mean and deviation."
        )
    if high > 1 or (images.dtype.kind != "f" and not high):
        return images.astype(np.uint8), ()
    note = f"{source}: grey levels from 0 to 1 were multiplied by 255."
    return np.rint(images * np.float32(_FULL)).astype(np.uint8), (note,)


def _integers(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels that are whole numbers as integers; others as they are."""
    if labels.dtype == object or labels.dtype.kind in "SU":
        is_bytes = labels.dtype.kind == "S"
        texts = np.char.decode(labels, "latin-1") if is_bytes else labels.astype(str)
        is_number = labels.size > 0 and bool(np.char.isdecimal(texts).all())
        # 18 digits are within int64.
        return texts.astype(np.int64) if is_number and texts.itemsize <= 4 * 18 else labels
    if labels.dtype.kind == "f" and bool((labels == np.rint(labels)).all()):
        return labels.astype(np.int64)
    return labels
