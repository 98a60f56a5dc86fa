"""A classifier of 28x28 images, whatever it was loaded from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tendigits.classifiers.model_info import ModelInfo
from tendigits.classifiers.predictions import Predictions
from tendigits.data import IMAGE_SIZE
from tendigits.data.catalogue import DIGITS
from tendigits.errors import DataError, ModelError

if TYPE_CHECKING:
    from torch import Tensor

Kind = Literal["run", "model file", "other ONNX file", "network"]
Logits = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
TorchNetwork = Callable[["Tensor"], "Tensor"]


@dataclass(frozen=True)
class Origin:
    """Where a classifier comes from, as far as that is known.

    Attributes:
        kind: what it was loaded from.
        file: the name of the run folder or of the file.
        sha256: checksum of the weights or of the file.
        description: one sentence about the classifier.
        recipe: every setting of its training; empty if unknown.
        data: the name of its training data.
        data_sha256: checksum of each part of the data set as an uncompressed IDX file.
        made_with: versions, machine and git revision of its training, where known.
        assumptions: what was assumed about a file without metadata, one sentence each.
        weights_sha256: checksum of the trained weights, the same for a run and for the float32
            file that it is exported to; None if unknown.
    """

    kind: Kind
    file: str
    sha256: str
    description: str
    recipe: dict[str, object]
    data: str
    data_sha256: dict[str, str]
    made_with: dict[str, str]
    assumptions: tuple[str, ...] = ()
    weights_sha256: str | None = None


@dataclass(frozen=True, eq=False)
class Classifier:
    """A trained classifier of 28x28 images.

    Attributes:
        name: the name for reports and messages.
        class_names: the names of its ten classes, in order.
        logits: a function from images (n, 28, 28) uint8 (0 for paper, 255 for full ink) to
            logits (n, 10), or (n, 11) if it has an output for non-digits.
        temperature: the divisor of the logits, fitted on validation images; None if not fitted.
        threshold: the confidence below which a prediction is rejected; 0 if none was set.
        parameters: the number of trained weights.
        multiply_adds: multiply-add operations for one image; None if unknown.
        bytes: the size of the weights or of the file.
        origin: where it comes from.
        data_source: the argument of `load_dataset` for the data set that it was trained on; None
            if unknown.
        metadata: the metadata of a model file; None for all other classifiers.
        torch_network: returns the same network in torch, a differentiable function from images
            (n, 1, 28, 28) in [0, 1] to logits; or None if it cannot be converted.
    """

    name: str
    class_names: tuple[str, ...]
    logits: Logits
    temperature: float | None
    threshold: float
    parameters: int
    multiply_adds: int | None
    bytes: int
    origin: Origin
    data_source: str | None = None
    metadata: ModelInfo | None = None
    torch_network: Callable[[], TorchNetwork | None] = field(default=lambda: None)

    def __repr__(self) -> str:
        """Return the name, where it comes from, and its size."""
        return f"Classifier({self.name!r}, {self.origin.kind}, {self.parameters:,} parameters)"

    def predict(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64] | None = None
    ) -> Predictions:
        """Predict the classes of images, with calibrated probabilities.

        Args:
            images: (n, 28, 28) or (28, 28) uint8 as in MNIST: 0 for paper, 255 for full ink.
            labels: (n,), the true classes, if they are known.

        Raises:
            DataError: the images are of another shape or type.
        """
        if images.ndim == 2:
            images = images[np.newaxis]
        if images.shape[1:] != (IMAGE_SIZE, IMAGE_SIZE) or images.dtype != np.uint8:
            raise DataError(
                f"The images are {images.dtype} of shape {images.shape}; give uint8 of shape "
                f"(n, {IMAGE_SIZE}, {IMAGE_SIZE}), 0 for paper and 255 for full ink."
            )
        return Predictions(self.logits(images), labels, self.temperature or 1.0)

    @property
    def info(self) -> ModelInfo:
        """The metadata of a model file.

        Raises:
            ModelError: the classifier was not loaded from a model file.
        """
        if self.metadata is None:
            raise ModelError(
                f"{self.name} has no metadata; give a file that `tendigits export` wrote."
            )
        return self.metadata


def reject_other_classes(classifier: Classifier) -> Classifier:
    """Return a classifier of the ten digits.

    Raises:
        ModelError: it has other classes.
    """
    if classifier.class_names != DIGITS:
        raise ModelError(
            f"{classifier.name} has the classes {', '.join(classifier.class_names)}; give a model "
            "of the ten digits, or use `tendigits evaluate` or `tendigits.predict`, which take any."
        )
    return classifier


def as_levels(images: ArrayLike) -> NDArray[np.uint8]:
    """Return lists of grey levels as uint8; an array is returned as it is.

    Raises:
        DataError: the lists are not an array.
    """
    if isinstance(images, np.ndarray):
        return images
    try:
        levels = np.array(images)
    except ValueError as error:
        raise DataError(f"The images are not an array ({error}); give (n, 28, 28).") from error
    is_grey = levels.dtype.kind in "iu" and levels.size and 0 <= levels.min() <= levels.max() <= 255
    return levels.astype(np.uint8) if is_grey else levels
