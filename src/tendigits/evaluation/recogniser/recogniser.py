"""What is measured: a run, a model file of ours or of someone else's, as one kind of thing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Kind = Literal["run", "model file", "ONNX file of others"]
Network = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Origin:
    """Where a recogniser comes from, as far as it says so itself.

    Attributes:
        kind: what it is.
        file: the run folder's or the file's name.
        sha256: of the weights or of the file.
        description: what it is, in a sentence.
        recipe: every setting of its training; empty where it is not known.
        data: the data set that it was trained on, with the SHA-256 of each part.
        data_sha256: of each part as an unpacked IDX file.
        made_with: versions, machine and revision of its training, as far as they are known.
        assumptions: what was taken for granted to use it at all.
    """

    kind: Kind
    file: str
    sha256: str
    description: str
    recipe: dict[str, object]
    data: str
    data_sha256: dict[str, str]
    made_with: dict[str, str]
    assumptions: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Recogniser:
    """What is measured.

    Attributes:
        name: what it is called.
        class_names: what its ten classes mean.
        logits: from images (n, 28, 28) uint8, 0 for paper, to logits (n, 10); an eleventh is for
            what is no digit.
        network: the same in torch, from images (n, 1, 28, 28) in [0, 1], so that it can be
            differentiated; None where its file has operators that are not known here.
        temperature: what its logits are divided by; None where none was fitted.
        threshold: digits that are less probable are to be refused.
        parameters: how many trained numbers it has.
        multiply_adds: what an image costs; None where it is not known.
        bytes: the size of its weights or its file.
        origin: where it comes from.
    """

    name: str
    class_names: tuple[str, ...]
    logits: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    network: Network | None
    temperature: float | None
    threshold: float
    parameters: int
    multiply_adds: int | None
    bytes: int
    origin: Origin
