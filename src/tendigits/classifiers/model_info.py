"""The metadata that a model file carries: everything that is needed to use it and to judge it."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, TypeAdapter, ValidationError

from tendigits.data import CLASSES
from tendigits.errors import ModelError

FORMAT: Literal[2] = 2


@dataclass(frozen=True)
class TestFigures:
    """How accurate a model is on the test set, which was opened once.

    Attributes:
        accuracy: fraction of correct predictions, from 0 to 1.
        loss: mean cross-entropy in nats; None where it is NaN or infinite.
        examples: the number of test images.
    """

    accuracy: float
    loss: float | None
    examples: PositiveInt


@dataclass(frozen=True)
class ModelInfo:
    """The metadata of a model file.

    Attributes:
        format: the version of this metadata.
        name: the recipe's name.
        description: what the recipe is, in a sentence.
        classes: what the ten outputs mean, in order.
        input: what an image handed to the model has to look like.
        preprocessing: the version of the way in which a picture becomes such an image.
        temperature: what the logits are divided by to become probabilities, fitted on the
            validation images; 1 where there were none.
        threshold: digits with a lower probability are to be rejected; set on the validation
            images, 0 where there were none.
        rejects: whether an eleventh logit stands for non-digits. The probabilities are those of
            the ten digits, and sum to less than 1 then.
        precision: the type of the weights and products in the file.
        parameters: the number of trained weights.
        multiply_adds: multiply-add operations for one image.
        recipe: every setting of the training.
        test: the trained network's figures on the test set, before the export.
        validation_accuracy: on the validation images, before the export; None without them.
        exported_accuracy: on the same images, of this file; None without them.
        held_out_sha256: checksum of the sorted indices (int64, little endian) of the validation
            images.
        weights_sha256: checksum of the safetensors file with the trained weights, which lies
            beside the model file; None where there is none.
        data: the data set's name.
        data_sha256: checksum of each of its parts as an unpacked IDX file.
        data_licence: the licence of the data, where it is known.
        versions: the versions of tendigits and of the libraries that trained and exported it.
        git_revision: the commit that trained it, where it was run from a checkout.
    """

    format: Literal[2]
    name: str
    description: str
    classes: Annotated[tuple[str, ...], Field(min_length=CLASSES, max_length=CLASSES)]
    input: str
    preprocessing: PositiveInt
    temperature: PositiveFloat
    threshold: Annotated[float, Field(ge=0, le=1)]
    rejects: bool
    precision: Literal["float32", "int8"]
    parameters: PositiveInt
    multiply_adds: PositiveInt
    recipe: dict[str, Any]
    test: TestFigures
    validation_accuracy: float | None
    exported_accuracy: float | None
    held_out_sha256: str
    weights_sha256: str | None
    data: str
    data_sha256: dict[str, str]
    data_licence: str
    versions: dict[str, str]
    git_revision: str | None


def parse_info(metadata: str, name: str) -> ModelInfo:
    """Read a model file's metadata; `name` is what errors call the file.

    Raises:
        ModelError: it is not the metadata that this version reads.
    """
    try:
        return TypeAdapter(ModelInfo).validate_json(metadata, strict=True, extra="forbid")
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ModelError(
            f"{name} has metadata that this version does not read ({place}: "
            f"{first['msg'].lower()}); export it again."
        ) from error
