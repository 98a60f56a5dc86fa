"""The typed settings that a recipe is made of."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat, PositiveInt

Fraction = Annotated[float, Field(ge=0, lt=1)]


class Settings(BaseModel):
    """Values that cannot be changed, of exactly the types that are written; no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class MLPSettings(Settings):
    """A multi-layer perceptron.

    Attributes:
        widths: the number of ReLU units in each hidden layer.
    """

    kind: Literal["mlp"]
    widths: list[PositiveInt]


class ConvSettings(Settings):
    """A convolutional network: a wide first look, stages of 3x3 convolutions, global pooling.

    Attributes:
        stem_channels: filters of the first convolution.
        stem_kernel: its width in pixels.
        stem_stride: its step in pixels; 2 halves the picture.
        stages: for each stage the filters of its 3x3 convolutions; stages are parted by a 2x2
            max pooling.
        padded: whether convolutions after the stem keep the picture's size.
        separable: whether convolutions after the stem are made of two, which takes an eighth of
            the weights: 3x3 on each channel by itself, then 1x1 across the channels. Source:
            A. Howard et al., "MobileNets", arXiv:1704.04861.
    """

    kind: Literal["conv"]
    stem_channels: PositiveInt
    stem_kernel: PositiveInt
    stem_stride: PositiveInt
    stages: list[list[PositiveInt]]
    padded: bool
    separable: bool = False


class AdamSettings(Settings):
    """The optimiser Adam. Source: D. P. Kingma, J. Ba, arXiv:1412.6980.

    Attributes:
        learning_rate: the step size.
        betas: decay of the running means of the gradient and of its square.
        epsilon: is added to the root of the second mean.
    """

    kind: Literal["adam"]
    learning_rate: PositiveFloat
    betas: list[Fraction] = Field(min_length=2, max_length=2)
    epsilon: PositiveFloat


class SGDSettings(Settings):
    """Stochastic gradient descent with Nesterov's momentum.

    Source: I. Sutskever et al., "On the importance of initialization and momentum in deep
    learning", ICML 2013.

    Attributes:
        learning_rate: the step size.
        momentum: the decay of the running sum of gradients.
        weight_decay: the pull towards zero on weights of two and more dimensions; biases and
            batch-norm scales are left alone.
    """

    kind: Literal["sgd"]
    learning_rate: PositiveFloat
    momentum: Fraction
    weight_decay: NonNegativeFloat


class MuonSettings(Settings):
    """Nesterov's momentum whose steps are made orthogonal for the filters of convolutions.

    Source: K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024,
    https://kellerjordan.github.io/posts/muon/.

    Attributes:
        learning_rate: the step size; filters have a mean square length of one.
        momentum: the decay of the running sum of gradients.
        weight_decay: the pull towards zero on the weights of fully connected layers and of a
            first convolution, which are moved by plain steps.
    """

    kind: Literal["muon"]
    learning_rate: PositiveFloat
    momentum: Fraction
    weight_decay: NonNegativeFloat


class ScheduleSettings(Settings):
    """How the learning rate goes: in a line from zero up to its full value and down to zero.

    Attributes:
        warmup: the share of all steps that the way up takes.
    """

    warmup: Fraction


class OODSettings(Settings):
    """Frames that show no digit, made by the project, learnt beside the digits.

    The network then has an eleventh output for them, so that it can reject.

    Attributes:
        count: how many are drawn.
    """

    count: PositiveInt


class DistillationSettings(Settings):
    """Learning from the answers of a trained classifier to the same, distorted images.

    Source: G. Hinton, O. Vinyals, J. Dean, "Distilling the knowledge in a neural network",
    arXiv:1503.02531.

    Attributes:
        teacher: a run folder or a model file. It must have held out the validation images that
            this run holds out, or its figures would flatter.
        weight: the teacher's part of the loss; the labels have the rest.
        temperature: divides the logits of both before they are compared.
        sha256: of the teacher's weights or file; a run writes it into its own recipe.
    """

    teacher: str
    weight: float = Field(default=1.0, gt=0, le=1)
    temperature: PositiveFloat = 1.0
    sha256: str | None = None


class FineTuningSettings(Settings):
    """Going on from a trained model, with corrections of its answers beside the data set.

    The run folder keeps both.

    Attributes:
        fraction: the part of an epoch's images that are corrections, each of which is repeated and
            distorted to that end, up to a hundred times.
        model_sha256: of the model file.
        corrections_sha256: of the file of the corrections.
    """

    fraction: float = Field(default=0.1, gt=0, lt=1)
    model_sha256: str
    corrections_sha256: str


class AugmentationSettings(Settings):
    """How far training images are distorted; each distortion is drawn anew for each image.

    Attributes:
        rotation_degrees: turned by up to this, either way.
        scale: stretched along each axis by up to a factor exp(scale), either way.
        shear: slanted by up to this many pixels a pixel, either way.
        translation_pixels: moved by up to this along each axis.
        elastic_pixels: standard deviation of a smooth field of displacements.
        elastic_cells: the number of independent displacements along each axis.
        stroke: thickened by up to this many pixels on each side of a stroke, or thinned by up to
            half as many.
        contrast: grey levels raised to a power of up to exp(contrast), either way.
        blur: mixed with up to this share of itself blurred over 5x5 pixels.
        noise: standard deviation of up to this much noise, in shares of full ink.
        downsampling: the share of images seen in so few pixels that a digit is 7 to 13 of them high.
        neighbour_fragments: the share of images into which a bit of another one, or of a ruled line, is laid.
        unaugmented_epochs: the last epochs, which see the images as they are.
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
    unaugmented_epochs: int = Field(default=0, ge=0)
