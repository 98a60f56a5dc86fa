"""The model file that a server reads with."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tendigits.classifiers import ModelInfo, shipped_models
from tendigits.classifiers.model_file import load_model_bytes, read_model
from tendigits.server.answers import ReportAnswer
from tendigits.server.model_report import report_on


@dataclass(frozen=True, eq=False)
class ServedModel:
    """A model file that has been checked.

    Attributes:
        content: its bytes; a reader that is started later gets these, whatever the file then is.
        info: what it says of itself.
        name: its recipe's name, and the start of its SHA-256.
        report: what the full report says of it; None without one.
    """

    content: bytes
    info: ModelInfo
    name: str
    report: ReportAnswer | None


def load_served_model(path: str) -> ServedModel:
    """Read and check a model file, or the shipped model of that name.

    Raises:
        ModelError: it is no model file of tendigits, or damaged.
    """
    content = read_model(shipped_models().get(path, Path(path)))
    info = load_model_bytes(content, path, threads=1).info
    sha256 = hashlib.sha256(content).hexdigest()
    return ServedModel(content, info, f"{info.name} {sha256[:12]}", report_on(sha256))
