"""Data sets in memory: arrays, torch data sets, and image data sets of Hugging Face."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from PIL import Image

from tendigits.data.convert import labelled_images
from tendigits.data.dataset import IMAGE_SIZE, LabelledImages
from tendigits.errors import DataError

NAME = "arrays"
# The columns of labels in data sets whose items are dictionaries.
_LABEL_KEYS = ("label", "labels", "digit", "class", "target", "y")
_WANTED = "give (x, y), (x, y, x_test, y_test), or data sets of images with labels"


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of a data set in memory; `test` is None if there is none."""

    train: LabelledImages
    test: LabelledImages | None
    notes: tuple[str, ...]


def load_parts(source: Any) -> Parts:
    """Return the parts of a data set in memory.

    Args:
        source: (x, y), (x, y, x_test, y_test) or ((x, y), (x_test, y_test)), arrays as
            `labelled_images` takes; a data set of torch or Hugging Face, whose items are
            (image, label) or dictionaries; a pair or a dictionary of two, for training and test.

    Raises:
        DataError: it is none of these, or an image or a label is invalid.
    """
    train, test = _training_and_test(source)
    images, notes = _load_part(train, f"{NAME} (training part)")
    if test is None:
        return Parts(images, None, notes)
    test_images, test_notes = _load_part(test, f"{NAME} (test part)")
    return Parts(images, test_images, (*notes, *test_notes))


def _training_and_test(source: Any) -> tuple[Any, Any | None]:
    if isinstance(source, Mapping):
        if "train" not in source:
            raise DataError(
                f"The data has the parts {', '.join(map(str, source))}; call one of them train."
            )
        return source["train"], source.get("test")
    if isinstance(source, tuple | list):
        if len(source) == 4:
            return tuple(source[:2]), tuple(source[2:])
        if len(source) == 2 and not _is_array(source[0]):
            return source[0], source[1]
    return source, None


def _load_part(part: Any, name: str) -> tuple[LabelledImages, tuple[str, ...]]:
    if isinstance(part, LabelledImages):
        return labelled_images(part.images, part.labels, name)
    if isinstance(part, tuple | list):
        if len(part) != 2:
            raise DataError(f"The data has {len(part)} parts; {_WANTED}.")
        return labelled_images(_as_array(part[0], name), _as_array(part[1], name), name)
    items = [_image_and_label(item, name) for item in _items(part)]
    if not items:
        raise DataError(f"There are no images in {name}; give at least one.")
    frames = [_pixels(image) for image, _ in items]
    images = [frame for frame in frames if frame is not None]
    labels = [label for frame, (_, label) in zip(frames, items, strict=True) if frame is not None]
    if not images:
        raise DataError(f"The pictures of {name} show nothing; give at least one digit.")
    found, notes = labelled_images(_stacked(images, name), _stacked(labels, name), name)
    if blank := len(items) - len(images):
        notes = (*notes, f"{name}: pictures that show nothing were left out: {blank:,}.")
    return found, notes


def _items(part: Any) -> Iterator[Any]:
    if not isinstance(part, Iterable) and not hasattr(part, "__getitem__"):
        raise DataError(f"A value of type {type(part).__name__} is not a data set; {_WANTED}.")
    items = iter(part)
    # A data set of torch need not raise an IndexError at its end.
    return islice(items, len(part)) if hasattr(part, "__len__") else items


def _image_and_label(item: Any, name: str) -> tuple[Any, Any]:
    if isinstance(item, Mapping):
        image = next((each for each in item.values() if _is_image(each)), None)
        label = next((item[key] for key in _LABEL_KEYS if key in item), None)
        if image is None or label is None:
            raise DataError(
                f"An item of {name} has {', '.join(map(str, item))}; give an image and a label."
            )
        return image, label
    if isinstance(item, tuple | list) and len(item) >= 2:
        return item[0], item[1]
    raise DataError(f"An item of {name} is of type {type(item).__name__}; give (image, label).")


def _pixels(image: Any) -> Any:
    """Return an image as an array, the digit of a picture of another size as a frame.

    Returns None for such a picture that shows nothing.
    """
    if not isinstance(image, Image.Image):
        return np.asarray(image)
    from tendigits.images import decode, frame_of_lone_digit  # noqa: PLC0415 - OpenCV takes a while

    grey = decode(image).grey
    if grey.shape == (IMAGE_SIZE, IMAGE_SIZE):
        return grey
    return frame_of_lone_digit(grey)


def _stacked(arrays: list[Any], name: str) -> Any:
    try:
        return np.stack(arrays)
    except ValueError as error:
        raise DataError(f"The images of {name} differ in their shapes; give 28x28.") from error


def _as_array(values: Any, name: str) -> Any:
    try:
        return np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:
        raise DataError(f"An array of {name} has an irregular shape or type; {_WANTED}.") from error


def _is_array(value: Any) -> bool:
    return isinstance(value, list) or hasattr(value, "__array__")


def _is_image(value: Any) -> bool:
    return isinstance(value, Image.Image) or (hasattr(value, "__array__") and np.ndim(value) >= 2)
