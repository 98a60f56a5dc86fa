"""The model that a server uses: its file's content and the full report on it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tendigits.classifiers import ModelInfo, pretrained_models
from tendigits.classifiers.classifier import reject_other_classes
from tendigits.classifiers.model_file import load_model_bytes, pretrained_reports, read_model
from tendigits.evaluation.report import Report, read_report


@dataclass(frozen=True, eq=False)
class ServedModel:
    """A model file that was checked.

    Attributes:
        content: its bytes; workers that start later use these, even if the file changes.
        info: its embedded metadata.
        name: its recipe's name, and the start of the file's SHA-256.
        report: the full report on it; None if there is none.
    """

    content: bytes
    info: ModelInfo
    name: str
    report: Report | None


def load_served_model(path: str) -> ServedModel:
    """Read and check a model file, or the pretrained model of that name.

    Raises:
        ModelError: it is not a model file of tendigits, damaged, or its classes are not the ten
            digits.
    """
    content = read_model(pretrained_models().get(path, Path(path)))
    info = reject_other_classes(load_model_bytes(content, path, threads=1)).info
    sha256 = hashlib.sha256(content).hexdigest()
    return ServedModel(content, info, f"{info.name} {sha256[:12]}", _report_on(sha256))


def _report_on(sha256: str) -> Report | None:
    """Return the packaged report on the model file with this checksum."""
    reports = map(read_report, pretrained_reports().values())
    return next((each for each in reports if each.origin.sha256 == sha256), None)
