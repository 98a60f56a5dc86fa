"""What a data set is: labelled 28x28 images in a training and a test part."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tendigits.data.idx import idx_sha256
from tendigits.errors import DataError

IMAGE_SIZE = 28
CLASSES = 10
NON_DIGIT = CLASSES  # the label of an image that shows no digit


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Images with their labels: a part of a data set, or corrections.

    Attributes:
        images: (n, 28, 28) uint8, grey levels with 0 for paper and 255 for full ink.
        labels: (n,) int64, each from 0 to 9, or NON_DIGIT. A `Dataset` has no NON_DIGIT.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.labels)

    @cached_property
    def class_counts(self) -> tuple[int, ...]:
        """The number of images of each of the ten digits; non-digits are not counted."""
        return tuple(np.bincount(self.labels, minlength=CLASSES)[:CLASSES].tolist())

    def subset(self, chosen: NDArray[np.bool_] | NDArray[np.integer]) -> "LabelledImages":
        """Return the images and labels at `chosen`: a mask of shape (n,) or indices."""
        return LabelledImages(self.images[chosen], self.labels[chosen])


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set with its checksums.

    Attributes:
        name: the catalogue's name, or the folder's or file's.
        source: what `load_dataset` takes to load it again.
        class_names: what the ten labels mean, in order.
        train: the images to learn from.
        test: the images to be measured on, once.
    """

    name: str
    source: str
    class_names: tuple[str, ...]
    train: LabelledImages
    test: LabelledImages

    @cached_property
    def checksums(self) -> dict[str, str]:
        """SHA-256 of each part as an unpacked IDX file, whatever format it came in."""
        return {
            "train-images-idx3-ubyte": idx_sha256(self.train.images),
            "train-labels-idx1-ubyte": idx_sha256(self.train.labels.astype(np.uint8)),
            "t10k-images-idx3-ubyte": idx_sha256(self.test.images),
            "t10k-labels-idx1-ubyte": idx_sha256(self.test.labels.astype(np.uint8)),
        }


def checked_images(
    images: NDArray[np.generic], labels: NDArray[np.generic], source: str
) -> LabelledImages:
    """Return `images` and `labels` as `LabelledImages`, or say what is wrong with them.

    Args:
        images: (n, 28, 28) or (n, 28, 28, 1) uint8.
        labels: (n,) of any integer type, each from 0 to 9.
        source: what to call them in an error.

    Raises:
        DataError: a shape, a type, a count or a label is not of that form.
    """
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.shape[1:] != (IMAGE_SIZE, IMAGE_SIZE) or images.dtype != np.uint8:
        raise DataError(
            f"The images of {source} are {images.dtype} of shape {images.shape}; "
            f"give uint8 of shape (n, {IMAGE_SIZE}, {IMAGE_SIZE})."
        )
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(
            f"The labels of {source} are {labels.dtype} of shape {labels.shape}; "
            "give integers of shape (n,)."
        )
    if len(images) != len(labels):
        raise DataError(
            f"{source} has {len(images):,} images and {len(labels):,} labels; "
            "give as many labels as images."
        )
    if len(labels) == 0:
        raise DataError(f"{source} holds no image; give at least one.")
    classes = labels.astype(np.int64)
    out_of_range = classes[(classes < 0) | (classes >= CLASSES)]
    if out_of_range.size:
        raise DataError(f"{source} has the label {out_of_range[0]}; labels run from 0 to 9.")
    return LabelledImages(np.ascontiguousarray(images, dtype=np.uint8), classes)
