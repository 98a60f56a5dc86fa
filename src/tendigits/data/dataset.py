"""Labelled images, data sets made of them, and the split into training and validation images."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tendigits.data.idx import idx_sha256
from tendigits.errors import DataError

IMAGE_SIZE = 28
CLASSES = 10
NON_DIGIT = CLASSES  # the label of an image that shows no digit
HELD_OUT = 5  # one image in this many is held out, where a data set has no test part


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Images with their labels: a part of a data set, or corrections.

    Attributes:
        images: (n, 28, 28) uint8, grey levels with 0 for paper and 255 for full ink.
        labels: (n,) int64, each from 0 to 9, or NON_DIGIT. A `Dataset` has no NON_DIGIT.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __repr__(self) -> str:
        """Return the number of images."""
        return f"LabelledImages({len(self):,} images)"

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
        name: its name in the catalogue, or the name of its folder or file; `arrays` in memory.
        source: the argument of `load_dataset` that loads it again; None if it is in memory alone.
        class_names: the meaning of the ten labels, in order.
        train: the images for training and validation.
        test: the images for the final test, which a run makes once.
        notes: what was done to the images that were given, one sentence each; see `all_notes`.
        has_own_test: whether the test part was given; it was held out by `split_by_content` if not.
        non_digits: (n, 28, 28) uint8, images that show no digit, for fine-tuning.
    """

    name: str
    source: str | None
    class_names: tuple[str, ...]
    train: LabelledImages
    test: LabelledImages
    notes: tuple[str, ...] = ()
    has_own_test: bool = True
    non_digits: NDArray[np.uint8] = field(
        default_factory=lambda: np.zeros((0, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    )

    @property
    def all_notes(self) -> tuple[str, ...]:
        """The notes, and how the test part was held out if none was given."""
        if self.has_own_test:
            return self.notes
        note = (
            f"{self.name} has no test part: {len(self.test):,} of its "
            f"{len(self.train) + len(self.test):,} images, chosen by their content, are held out."
        )
        return (*self.notes, note)

    @property
    def all_images(self) -> LabelledImages:
        """The training and the test part together."""
        return LabelledImages(
            np.concatenate([self.train.images, self.test.images]),
            np.concatenate([self.train.labels, self.test.labels]),
        )

    @cached_property
    def checksums(self) -> dict[str, str]:
        """SHA-256 of each part as an uncompressed IDX file, whatever format it was loaded from."""
        return {
            "train-images-idx3-ubyte": idx_sha256(self.train.images),
            "train-labels-idx1-ubyte": idx_sha256(self.train.labels.astype(np.uint8)),
            "t10k-images-idx3-ubyte": idx_sha256(self.test.images),
            "t10k-labels-idx1-ubyte": idx_sha256(self.test.labels.astype(np.uint8)),
        }


@dataclass(frozen=True, eq=False)
class Split:
    """The indices of the images to train on and of the validation images.

    Attributes:
        train: (n,) int64, ascending.
        validation: (m,) int64, ascending; disjoint from `train`.
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]


def split_last(count: int, fraction: float) -> Split:
    """Hold out the last images; as MNIST is ordered by writer, they are of other writers.

    Args:
        count: the number of images.
        fraction: the fraction of them that is held out.
    """
    first = count - round(count * fraction)
    return Split(train=np.arange(first), validation=np.arange(first, count))


def split_by_content(images: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which of the images (n, 28, 28) are trained on and which are held out: one in five.

    The choice depends on the content of an image alone. So images that are added later, and their
    order, move none from one part to the other, and copies of one image are in the same part. Of
    two or more different images at least one is in each part.
    """
    digests = np.array(
        [int.from_bytes(hashlib.sha256(image).digest()[:7]) for image in images], np.int64
    )
    held_out = digests % HELD_OUT == 0
    if len(images) > 1 and held_out.all():
        held_out = digests != digests.min()
    elif len(images) > 1 and not held_out.any():
        held_out = digests == digests.min()
        held_out &= not held_out.all()
    return ~held_out, held_out


def checked_images(
    images: NDArray[np.generic], labels: NDArray[np.generic], source: str
) -> LabelledImages:
    """Check the images and labels of a data set, and return them as `LabelledImages`.

    Args:
        images: (n, 28, 28) or (n, 28, 28, 1) uint8.
        labels: (n,) of any integer type, each from 0 to 9.
        source: the name of the images in error messages.

    Raises:
        DataError: a shape, a type, the number of images or a label is invalid.
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
            "give one label per image."
        )
    if len(labels) == 0:
        raise DataError(f"{source} has no images; give at least one.")
    classes = labels.astype(np.int64)
    out_of_range = classes[(classes < 0) | (classes >= CLASSES)]
    if out_of_range.size:
        raise DataError(f"{source} has the label {out_of_range[0]}; give labels from 0 to 9.")
    return LabelledImages(np.ascontiguousarray(images, dtype=np.uint8), classes)


def stratified_split(labels: NDArray[np.int64], fraction: float, seed: int) -> Split:
    """Hold out a fraction of the images for validation, in proportion from each class.

    Args:
        labels: (n,) labels from 0 to 9.
        fraction: the fraction to hold out, at least 0 and less than 1.
        seed: the same seed gives the same split.

    Raises:
        DataError: one of the two sides would be empty although `fraction` is above 0.
    """
    total = round(len(labels) * fraction)
    if fraction > 0 and not 0 < total < len(labels):
        raise DataError(
            f"{len(labels)} training images cannot be split with validation_fraction = {fraction}; "
            "give more images or another fraction."
        )
    counts = _apportion(np.bincount(labels, minlength=CLASSES), total)
    generator = np.random.default_rng(seed)
    held_out = np.zeros(len(labels), dtype=bool)
    for digit, count in enumerate(counts):
        held_out[generator.permutation(np.flatnonzero(labels == digit))[:count]] = True
    return Split(train=np.flatnonzero(~held_out), validation=np.flatnonzero(held_out))


def _apportion(class_counts: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Divide `total` among the classes in proportion, by the largest remainders."""
    exact = class_counts * total / class_counts.sum()
    counts: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    missing = total - counts.sum()
    counts[np.argsort(counts - exact, kind="stable")[:missing]] += 1
    return counts
