"""The typed settings of which a recipe consists, but for its network: training and data."""

from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

Fraction = Annotated[float, Field(ge=0, lt=1)]


class Settings(BaseModel):
    """Immutable settings with strictly checked types; unknown ones are rejected."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class AdamSettings(Settings):
    """The optimiser Adam. Source: D. P. Kingma, J. Ba, arXiv:1412.6980.

    Attributes:
        learning_rate: the step size.
        betas: decay of the running means of the gradient and of its square.
        epsilon: added to the root of the second mean.
    """

    kind: Literal["adam"]
    learning_rate: PositiveFloat
    betas: list[Fraction] = Field(min_length=2, max_length=2)
    epsilon: PositiveFloat


class AdamWSettings(Settings):
    """Adam with decoupled weight decay. Source: I. Loshchilov, F. Hutter, arXiv:1711.05101.

    Attributes:
        learning_rate: the step size.
        weight_decay: applied to weights of two or more dimensions, not to biases and
            batch normalisation.
    """

    kind: Literal["adamw"]
    learning_rate: PositiveFloat
    weight_decay: NonNegativeFloat


class SGDSettings(Settings):
    """Stochastic gradient descent with Nesterov's momentum.

    Source: I. Sutskever et al., "On the importance of initialization and momentum in deep
    learning", ICML 2013.

    Attributes:
        learning_rate: the step size.
        momentum: the decay of the running sum of gradients.
        weight_decay: applied to weights of two or more dimensions, not to biases and
            batch normalisation.
    """

    kind: Literal["sgd"]
    learning_rate: PositiveFloat
    momentum: Fraction
    weight_decay: NonNegativeFloat


class MuonSettings(Settings):
    """Muon: Nesterov's momentum with orthogonalised steps for the filters of convolutions.

    Source: K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024,
    https://kellerjordan.github.io/posts/muon/.

    Attributes:
        learning_rate: the step size; filters are normalised to a mean square length of one.
        momentum: the decay of the running sum of gradients.
        weight_decay: applied to the weights of fully connected layers and of the first
            convolution, whose steps are not orthogonalised.
    """

    kind: Literal["muon"]
    learning_rate: PositiveFloat
    momentum: Fraction
    weight_decay: NonNegativeFloat


class ScheduleSettings(Settings):
    """A learning rate that rises linearly from zero to its full value and falls again.

    Attributes:
        warmup: the fraction of all steps during which it rises.
        fall: whether it falls along a line, along a cosine, or exponentially, each step by the
            same factor.
        final: what it falls to, as a fraction of its full value; an exponential never reaches 0.
    """

    warmup: Fraction
    fall: Literal["linear", "cosine", "exponential"] = "linear"
    final: Fraction = Field(default=0.0, validate_default=True)

    @field_validator("final")
    @classmethod
    def _exponential_stays_positive(cls, final: float, others: ValidationInfo) -> float:
        if others.data.get("fall") == "exponential" and not final:
            raise PydanticCustomError("final", "an exponential fall needs one above 0")
        return final


class PageSettings(Settings):
    """Pages that are made of digits while a finder is trained.

    Attributes:
        steps_per_epoch: the batches of an epoch; no page is seen twice.
        validation_pages: the number of pages, with digits of other writers, on which the finder
            is measured.
    """

    steps_per_epoch: PositiveInt
    validation_pages: PositiveInt


class OODSettings(Settings):
    """Drawn images of non-digits to train on beside the data set.

    The network then has an eleventh output for non-digits, with which it can reject them.

    Attributes:
        count: the number of images.
    """

    count: PositiveInt


class DistillationSettings(Settings):
    """Training on the predictions of a trained classifier for the same, augmented images.

    Source: G. Hinton, O. Vinyals, J. Dean, "Distilling the knowledge in a neural network",
    arXiv:1503.02531.

    Attributes:
        teacher: a run folder or a model file. It must have held out the same validation images
            as this run, otherwise the validation figures would be too good. When None, the teacher
            is the ensemble of the recipe's members.
        weight: the weight of the teacher in the loss; the labels have the rest.
        temperature: the divisor of the logits of both before they are compared.
        sha256: checksum of the teacher's weights or file; a run adds it to its own recipe.
    """

    teacher: str | None = None
    weight: float = Field(default=1.0, gt=0, le=1)
    temperature: PositiveFloat = 1.0
    sha256: str | None = None


class FineTuningSettings(Settings):
    """Further training of a trained model on its data set and on corrections.

    The run folder keeps the model and the corrections.

    Attributes:
        fraction: the fraction of corrections in an epoch's images. To reach it, each correction is
            repeated up to a hundred times, with augmentation where the recipe has it.
        model_sha256: checksum of the model file.
        corrections_sha256: checksum of the file of the corrections.
    """

    fraction: float = Field(default=0.1, gt=0, lt=1)
    model_sha256: str
    corrections_sha256: str


class AugmentationSettings(Settings):
    """Random changes of the training images; all amounts are drawn for each image.

    Attributes:
        rotation_degrees: the largest rotation, in either direction.
        scale: each axis is scaled by a factor from exp(-scale) to exp(scale).
        shear: the largest shear, in pixels per pixel, in either direction.
        translation_pixels: the largest shift along each axis, in either direction.
        elastic_pixels: standard deviation of a smooth random displacement field.
        elastic_cells: the number of independent displacements along each axis.
        stroke: strokes become thicker by up to this many pixels on each side, or thinner by up to
            half as many.
        contrast: grey levels are raised to a power from exp(-contrast) to exp(contrast).
        blur: the largest weight with which a copy, blurred over 5x5 pixels, is mixed in.
        noise: the largest standard deviation of Gaussian noise, where full ink is 1.
        downsampling: the fraction of images that are reduced so far that a digit is 7 to 13 pixels
            high, and enlarged again.
        neighbour_fragments: the fraction of images to which the edge of another digit or a ruled
            line is added.
        crossing_lines: the fraction of images that are crossed by straight, wavy or dashed lines.
        outlines: the fraction of images whose strokes are replaced by their outlines.
        inverted_areas: the fraction of images in which the ink of a rectangle is inverted.
        unaugmented_epochs: the number of epochs at the end without augmentation.
    """

    rotation_degrees: NonNegativeFloat = 0.0
    scale: NonNegativeFloat = 0.0
    shear: NonNegativeFloat = 0.0
    translation_pixels: NonNegativeFloat = 0.0
    elastic_pixels: NonNegativeFloat = 0.0
    elastic_cells: PositiveInt = 6
    stroke: float = Field(default=0.0, ge=0, le=2)
    contrast: NonNegativeFloat = 0.0
    blur: float = Field(default=0.0, ge=0, le=1)
    noise: Fraction = 0.0
    downsampling: Fraction = 0.0
    neighbour_fragments: Fraction = 0.0
    crossing_lines: Fraction = 0.0
    outlines: Fraction = 0.0
    inverted_areas: Fraction = 0.0
    unaugmented_epochs: int = Field(default=0, ge=0)
