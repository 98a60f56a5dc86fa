"""The metadata of a model file: how to use the model, how it was trained, how accurate it is."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from tendigits.data import CLASSES
from tendigits.errors import ModelError
from tendigits.files import parse_json

FORMAT: Literal[2] = 2


@dataclass(frozen=True)
class TestMetrics:
    """The accuracy of a model on the test set, which is used once per run.

    Attributes:
        accuracy: fraction of correct predictions, from 0 to 1.
        loss: mean cross-entropy in nats; None if it is NaN or infinite.
        examples: the number of test images.
    """

    accuracy: float
    loss: float | None
    examples: int


@dataclass(frozen=True)
class ModelInfo:
    """The metadata of a model file.

    Attributes:
        format: the version of this metadata.
        name: the recipe's name.
        description: one sentence about the recipe.
        classes: the names of the ten classes, in order.
        input: what the input images must look like, in words.
        preprocessing: the version of the steps from a picture to such an image.
        temperature: the divisor of the logits that calibrates the probabilities, fitted on
            validation images; 1 if there were none.
        threshold: the confidence below which a prediction is rejected, set on validation images;
            0 if there were none.
        rejects: whether there is an eleventh logit, for non-digits. The ten probabilities, one
            per digit, then sum to less than 1.
        precision: the type of the weights and matrix multiplications in the file.
        parameters: the number of trained weights.
        multiply_adds: multiply-add operations for one image.
        recipe: every setting of the training.
        test: the results of the trained network on the test set, before the export.
        validation_accuracy: on the validation images, before the export; None if there were none.
        exported_accuracy: of this file on the same images; None if there were none.
        held_out_sha256: checksum of the sorted indices (int64, little endian) of the validation
            images.
        weights_sha256: checksum of the safetensors file with the trained weights, beside the
            model file; None if there is none.
        data: the name of the data set.
        data_sha256: checksum of each of its parts as an uncompressed IDX file.
        data_licence: the licence of the data, if it is known.
        versions: of tendigits and of the libraries that trained and exported the model.
        git_revision: the commit that trained the model; None if unknown.
    """

    format: Literal[2]
    name: str
    description: str
    classes: tuple[str, ...]
    input: str
    preprocessing: int
    temperature: float
    threshold: float
    rejects: bool
    precision: Literal["float32", "int8"]
    parameters: int
    multiply_adds: int
    recipe: dict[str, Any]
    test: TestMetrics
    validation_accuracy: float | None
    exported_accuracy: float | None
    held_out_sha256: str
    weights_sha256: str | None
    data: str
    data_sha256: dict[str, str]
    data_licence: str
    versions: dict[str, str]
    git_revision: str | None

    def __post_init__(self) -> None:
        """Check the values; pydantic, which checks their types, would do both more slowly."""
        is_valid = {
            "classes": len(self.classes) == CLASSES,
            "preprocessing": self.preprocessing > 0,
            "temperature": self.temperature > 0,
            "threshold": 0 <= self.threshold <= 1,
            "parameters": self.parameters > 0,
            "multiply_adds": self.multiply_adds > 0,
            "test.examples": self.test.examples > 0,
        }
        invalid = [name for name, value in is_valid.items() if not value]
        if invalid:
            raise ValueError(f"invalid value for {invalid[0]}")


def parse_info(metadata: str, name: str) -> ModelInfo:
    """Parse the metadata of a model file; error messages call the file `name`.

    Raises:
        ModelError: the metadata is invalid, or of another version of tendigits.
    """
    try:
        return parse_json(metadata, ModelInfo)
    except ValueError as error:
        if _is_finder(metadata):
            raise ModelError(
                f"{name} finds digits in pictures, it is no classifier; give a classifier's file."
            ) from error
        raise ModelError(
            f"{name} has metadata that this version cannot read ({error}); export it again."
        ) from error


def info_of_pretrained(metadata: str) -> ModelInfo:
    """Return the metadata of a pretrained model, which ships with the package.

    A test has checked the types in it, so that pictures are read without pydantic.
    """
    values = json.loads(metadata)
    values |= {"classes": tuple(values["classes"]), "test": TestMetrics(**values["test"])}
    return ModelInfo(**values)


def _is_finder(metadata: str) -> bool:
    try:
        values = json.loads(metadata)
    except ValueError:
        return False
    return isinstance(values, dict) and values.get("kind") == "finder"
