"""An integer network as C: the arrays of each layer, the calls in order, the buffers they use."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tendigits.data import IMAGE_SIZE
from tendigits.export.integer import (
    POWERS,
    Convolution,
    Depthwise,
    Factor,
    IntegerNetwork,
    MaxAndMean,
    MaxPool,
)


@dataclass(frozen=True, eq=False)
class CArray:
    """An array of constants.

    Attributes:
        name: `weights`, `bias`, `multiplier` or `shift`.
        values: the constants in one dimension.
    """

    name: str
    values: NDArray[np.integer]

    @property
    def type(self) -> str:
        """The type of an element in C."""
        return f"{self.values.dtype.name}_t"


@dataclass(frozen=True, eq=False)
class CLayer:
    """A layer with constants.

    Attributes:
        number: the end of the names of its constants.
        comment: what it is, in words.
        sizes: the input's side and channels, the output's, kernel, stride and padding.
        arrays: its constants.
    """

    number: int
    comment: str
    sizes: tuple[int, ...]
    arrays: tuple[CArray, ...]

    @property
    def pointers(self) -> list[str]:
        """The names of its arrays, or 0 for those it has none of, in the order of the struct."""
        names = [array.name for array in self.arrays]
        return [
            f"tendigits_{name}_{self.number}" if name in names else "0"
            for name in ("weights", "bias", "multiplier", "shift")
        ]


@dataclass(eq=False)
class CNetwork:
    """A network as C.

    Attributes:
        layers: those with constants, in order; the last gives the logits.
        calls: what computes the input of the last layer.
        buffers: the bytes of each buffer, by name.
        source: where the newest map is: the image or a buffer.
        size: its side in pixels.
        channels: its channels.
    """

    layers: list[CLayer] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    buffers: dict[str, int] = field(default_factory=dict)
    source: str = "image"
    size: int = IMAGE_SIZE
    channels: int = 1

    @property
    def weight_bytes(self) -> int:
        """The bytes of all constants, those of the softmax included."""
        arrays = [array.values for layer in self.layers for array in layer.arrays]
        return sum(values.nbytes for values in arrays) + POWERS.nbytes

    @property
    def buffer_bytes(self) -> int:
        """The bytes of all static buffers."""
        return sum(self.buffers.values())

    def convolve(self, layer: Convolution | Depthwise) -> None:
        """Add a convolution or a fully connected layer."""
        kernel, channels = layer.weights.shape[-2], len(layer.bias)
        if isinstance(layer, Convolution) and layer.weights.shape[3] != self.channels:
            self.size, self.channels = 1, layer.weights.shape[3]  # the image as one row
        size = (self.size + 2 * layer.padding - kernel) // layer.stride + 1
        kind = f"{kernel}x{kernel} convolution" if self.size > 1 else "fully connected"
        if isinstance(layer, Depthwise):
            kind += " of each channel"
        self._add(
            kind,
            (size, channels, kernel, layer.stride, layer.padding),
            [CArray("weights", layer.weights.ravel()), CArray("bias", layer.bias)],
            layer.factor,
        )
        if layer.factor is not None:
            depthwise = isinstance(layer, Depthwise)
            self._call("depthwise" if depthwise else "convolve", size, channels)

    def pool(self) -> None:
        """Add a max pooling, which is done in place."""
        self.calls.append(f"tendigits_max_pool({self.size}, {self.channels}, {self.source})")
        self.size //= 2

    def max_and_mean(self, layer: MaxAndMean) -> None:
        """Add global max and mean pooling."""
        self._add("maxima and means", (1, 2 * self.channels, self.size, 1, 0), [], layer.factor)
        self._call("max_and_mean", 1, 2 * self.channels)

    def _add(
        self, kind: str, out: tuple[int, ...], arrays: list[CArray], factor: Factor | None
    ) -> None:
        size, channels, *_ = out
        if factor is not None:
            arrays += [CArray("multiplier", factor.multiplier), CArray("shift", factor.shift)]
        comment = (
            f"Layer {len(self.layers) + 1}: {kind}, {self.size}x{self.size}x{self.channels} -> "
            f"{size}x{size}x{channels}"
        )
        sizes = (self.size, self.channels, *out)
        self.layers.append(CLayer(len(self.layers) + 1, comment, sizes, tuple(arrays)))

    def _call(self, function: str, size: int, channels: int) -> None:
        target = "second" if self.source == "first" else "first"
        self.calls.append(
            f"tendigits_{function}(&tendigits_layer_{len(self.layers)}, {self.source}, {target})"
        )
        self.buffers[target] = max(self.buffers.get(target, 0), size * size * channels)
        self.source, self.size, self.channels = target, size, channels


def lay_out(network: IntegerNetwork) -> CNetwork:
    """Return `network` as C."""
    code = CNetwork()
    for layer in network.layers:
        if isinstance(layer, MaxPool):
            code.pool()
        elif isinstance(layer, MaxAndMean):
            code.max_and_mean(layer)
        else:
            code.convolve(layer)
    code.convolve(network.last)
    return code
