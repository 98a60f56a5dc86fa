"""The model file that a server reads with."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tendigits.reading.model_file import (
    ModelInfo,
    load_model_bytes,
    model_bytes,
    shipped_models,
)


@dataclass(frozen=True, eq=False)
class ServedModel:
    """A model file that has been checked.

    Attributes:
        content: its bytes; a reader that is started later gets these, whatever the file then is.
        info: what it says of itself.
        name: its recipe's name, and the start of its SHA-256.
    """

    content: bytes
    info: ModelInfo
    name: str


def load_served_model(path: str) -> ServedModel:
    """Read and check a model file, or the shipped model of that name.

    Raises:
        ModelError: it is no model file of tendigits, or damaged.
    """
    content = model_bytes(shipped_models().get(path, Path(path)))
    info = load_model_bytes(content, path, threads=1).info
    return ServedModel(content, info, f"{info.name} {hashlib.sha256(content).hexdigest()[:12]}")
