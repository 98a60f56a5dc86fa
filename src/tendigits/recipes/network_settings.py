"""The typed settings of networks: their layers and sizes, which must fit an image of 28x28."""

from typing import Annotated, Literal

from pydantic import (
    BeforeValidator,
    Field,
    NonNegativeInt,
    PositiveInt,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from tendigits.data import IMAGE_SIZE
from tendigits.recipes.settings import Fraction, Settings

_OF_IMAGES = ("conv", "max_pool", "mean_pool", "flatten", "max_and_mean", "squeeze_excite")


class MLPSettings(Settings):
    """A multi-layer perceptron.

    Attributes:
        widths: the number of ReLU units in each hidden layer.
    """

    kind: Literal["mlp"]
    widths: list[PositiveInt]


class ConvSettings(Settings):
    """A convolutional network: a first convolution, stages of 3x3 convolutions, global pooling.

    Attributes:
        stem_channels: the number of filters of the first convolution.
        stem_kernel: its kernel size in pixels.
        stem_stride: its stride in pixels; 2 halves the resolution.
        full_resolution: whether the first stage computes at the resolution of the image, which is
            more accurate and slower: the first convolution is padded, and no pooling follows it.
        padded: whether convolutions after the stem keep the size of the image.
        stages: for each stage the number of filters of its 3x3 convolutions; stages are separated
            by 2x2 max pooling.
        separable: whether convolutions after the stem are depthwise separable, which takes an
            eighth of the weights. Source: A. Howard et al., "MobileNets", arXiv:1704.04861.
    """

    kind: Literal["conv"]
    stem_channels: PositiveInt
    stem_kernel: PositiveInt
    stem_stride: PositiveInt
    full_resolution: bool = False
    padded: bool
    stages: list[list[PositiveInt]]
    separable: bool = False

    @field_validator("full_resolution")
    @classmethod
    def _has_no_stride(cls, full_resolution: bool, others: ValidationInfo) -> bool:
        if full_resolution and others.data.get("stem_stride", 1) != 1:
            raise PydanticCustomError("stride", "set stem_stride to 1 with it")
        return full_resolution

    @field_validator("stages")
    @classmethod
    def _fits_the_image(cls, stages: list[list[int]], others: ValidationInfo) -> list[list[int]]:
        kernel, stride = others.data.get("stem_kernel", 1), others.data.get("stem_stride", 1)
        full_resolution = others.data.get("full_resolution", False)
        size = _size_after(IMAGE_SIZE, kernel, stride, kernel // 2 if full_resolution else 0)
        for number, widths in enumerate(stages):
            if number or (stride == 1 and not full_resolution):
                size = _size_after(size, 2, 2)
            for _ in widths:
                size = _size_after(size, 3, padding=int(others.data.get("padded", True)))
        return stages


class ConvLayer(Settings):
    """A convolution.

    Attributes:
        channels: the number of its filters.
        kernel: its kernel size in pixels.
        stride: its stride in pixels.
        padding: pixels of 0 on each side.
    """

    kind: Literal["conv"]
    channels: PositiveInt
    kernel: PositiveInt = 3
    stride: PositiveInt = 1
    padding: NonNegativeInt = 0


class LinearLayer(Settings):
    """A fully connected layer of `units` outputs."""

    kind: Literal["linear"]
    units: PositiveInt


class DropoutLayer(Settings):
    """Dropout of a `fraction` of the values."""

    kind: Literal["dropout"]
    fraction: Fraction


class SqueezeExciteLayer(Settings):
    """Weights of the channels, computed from their means by a hidden layer of `units`.

    Source: J. Hu et al., "Squeeze-and-Excitation Networks", arXiv:1709.01507.
    """

    kind: Literal["squeeze_excite"]
    units: PositiveInt


class PlainLayer(Settings):
    """A layer without settings; a recipe can give its kind alone: `"relu"`."""

    kind: Literal["batch_norm", "relu", "tanh", "max_pool", "mean_pool", "flatten", "max_and_mean"]


def _with_kind(layer: object) -> object:
    return {"kind": layer} if isinstance(layer, str) else layer


Layer = Annotated[
    Annotated[
        ConvLayer | LinearLayer | DropoutLayer | SqueezeExciteLayer | PlainLayer,
        Field(discriminator="kind"),
    ],
    BeforeValidator(_with_kind),
]


class SequentialSettings(Settings):
    """Any network whose layers follow one another.

    Attributes:
        layers: from the image to the features; those that pool take 2x2 pixels. A linear layer to
            the classes follows the last one.
    """

    kind: Literal["sequential"]
    layers: list[Layer]

    @field_validator("layers")
    @classmethod
    def _fit_together(cls, layers: list[Layer]) -> list[Layer]:
        shape = (1, IMAGE_SIZE)
        for layer in layers:
            shape = shape_after(layer, *shape)
        return layers


def shape_after(layer: Layer, channels: int, size: int) -> tuple[int, int]:
    """Return channels and size in pixels of a layer's outputs.

    Args:
        layer: the layer.
        channels: those of its inputs.
        size: height and width of its inputs; 0 for values without a place, as after `flatten`.

    Raises:
        PydanticCustomError: the layer cannot follow such outputs.
    """
    if layer.kind == "linear" and size:
        raise PydanticCustomError("order", "linear needs flatten or max_and_mean before it")
    if layer.kind in _OF_IMAGES and not size:
        raise PydanticCustomError(
            "order", "{name} cannot follow flatten, max_and_mean or linear", {"name": layer.kind}
        )
    match layer.kind:
        case "conv":
            return layer.channels, _size_after(size, layer.kernel, layer.stride, layer.padding)
        case "linear":
            return layer.units, 0
        case "max_pool" | "mean_pool":
            return channels, _size_after(size, 2, 2)
        case "flatten":
            return channels * size * size, 0
        case "max_and_mean":
            return 2 * channels, 0
    return channels, size


def _size_after(size: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """Return the size of the outputs of a convolution or pooling over `size` pixels."""
    if size + 2 * padding < kernel:
        raise PydanticCustomError(
            "size",
            "a kernel of {kernel}x{kernel} is larger than the {size}x{size} pixels that are left "
            "of the image",
            {"kernel": kernel, "size": size},
        )
    return (size + 2 * padding - kernel) // stride + 1


class FinderSettings(Settings):
    """A finder: a pyramid of convolutions from a page to characters and their boxes.

    Attributes:
        widths: the channels at strides of 2, 4, 8, 16 and 32 pixels.
        blocks: the number of residual blocks at strides of 4, 8, 16 and 32 pixels.
        neck_width: the channels of the maps that are added up from coarse to fine.
    """

    kind: Literal["finder"]
    widths: Annotated[list[PositiveInt], Field(min_length=5, max_length=5)]
    blocks: Annotated[list[NonNegativeInt], Field(min_length=4, max_length=4)]
    neck_width: PositiveInt
