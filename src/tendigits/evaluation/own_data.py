"""Which images of a data set a classifier is measured on."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tendigits.classifiers import Classifier
from tendigits.data import CATALOGUE, Dataset, LabelledImages, load_dataset
from tendigits.errors import DataError, ModelError, ReportError


def images_to_measure(classifier: Classifier, dataset: Dataset) -> LabelledImages:
    """Return the images of a data set on which a classifier is measured.

    They are its test part. If it has none of its own, they are all images, unless the classifier
    may have been trained on some of them; then they are the ones that are always held out.

    Raises:
        DataError: its classes are not those of the classifier.
    """
    if dataset.class_names != classifier.class_names:
        raise DataError(
            f"{dataset.name} has the classes {', '.join(dataset.class_names)}, and "
            f"{classifier.name} predicts {', '.join(classifier.class_names)}; give a data set of "
            "these."
        )
    if dataset.has_own_test or may_have_seen(classifier):
        return dataset.test
    return dataset.all_images


def may_have_seen(classifier: Classifier) -> bool:
    """Return whether a classifier may have been trained on images that a user holds out.

    A model of this package was trained on those that are not held out if it was fine-tuned, or
    trained on a data set that is not in the catalogue. Of other ONNX files nothing is known, and
    they were trained without regard to what is held out here.
    """
    origin = classifier.origin
    if origin.kind == "other ONNX file":
        return False
    entry = CATALOGUE.get(origin.data)
    is_published = entry is not None and (bool(entry.mirrors) or origin.data_sha256 == entry.sha256)
    return not is_published or bool(origin.recipe.get("fine_tuning"))


def describe_images(classifier: Classifier, dataset: Dataset) -> str:
    """Return which images `images_to_measure` returns, as a sentence."""
    count = len(images_to_measure(classifier, dataset))
    if dataset.has_own_test:
        return f"Measured on the {count:,} test images of {dataset.name}."
    if may_have_seen(classifier):
        return (
            f"Measured on the {count:,} images of {dataset.name} that are held out, as "
            f"{classifier.name} may have been trained on the others."
        )
    return f"Measured on all {count:,} images of {dataset.name}."


def load_own_dataset(classifier: Classifier) -> Dataset:
    """Load the data set that a classifier was trained on; MNIST where it is not known.

    Raises:
        ModelError: it cannot be loaded by its name.
        DataError: it is not available, or has changed.
    """
    origin = classifier.origin
    if origin.kind == "model file" and origin.data not in CATALOGUE:
        raise ModelError(
            f"{classifier.name} was trained on {origin.data}, which is not the name of a data set "
            f"that can be loaded; give it as --data. Known are {', '.join(CATALOGUE)}."
        )
    dataset = load_dataset(classifier.data_source or "mnist")
    if origin.data_sha256 and origin.data_sha256 != dataset.checksums:
        raise DataError(
            f"{classifier.name} was trained on {origin.data}, and {dataset.source} holds other "
            "images now; restore that data set, or train again."
        )
    return dataset


def load_ood_images(
    sources: Iterable[str | Path], on_step: Callable[[str, int, int], None]
) -> dict[str, NDArray[np.uint8]]:
    """Return the test images of data sets by name.

    Args:
        sources: names or paths of the data sets.
        on_step: is called while they are loaded; see `load_dataset`.

    Raises:
        ReportError: two have the same name.
    """
    images: dict[str, NDArray[np.uint8]] = {}
    for source in sources:
        dataset = load_dataset(source, on_step)
        if dataset.name in images:
            raise ReportError(f"Two OOD sets are called {dataset.name}; rename one of them.")
        images[dataset.name] = dataset.test.images
    return images
