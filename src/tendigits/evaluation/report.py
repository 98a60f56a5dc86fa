"""A report: every figure of a classifier, typed, as `report.json` holds it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tendigits.classifiers import Origin
from tendigits.errors import ReportError
from tendigits.evaluation.calibration import Calibration
from tendigits.evaluation.cost import Costs
from tendigits.evaluation.label_errors import CorrectedAccuracy
from tendigits.evaluation.metrics import ClassMetrics, ConfusedPair, Metrics, Misclassified
from tendigits.evaluation.ood import OODDetection
from tendigits.evaluation.robustness import Robustness
from tendigits.files import as_json_values, parse_json

FORMAT: Literal[2] = 2
FILE = "report.json"


@dataclass(frozen=True)
class Accuracy:
    """Accuracy on MNIST's test set.

    Attributes:
        metrics: accuracy, confidence interval, loss, confusion matrix.
        classes: the figures of each class.
        confused_pairs: the classes that are mistaken for each other most often.
        errors: every misclassified image, the least probable true class first.
        corrected: the accuracy with the test set's label errors taken into account.
    """

    metrics: Metrics
    classes: tuple[ClassMetrics, ...]
    confused_pairs: tuple[ConfusedPair, ...]
    errors: tuple[Misclassified, ...]
    corrected: CorrectedAccuracy


@dataclass(frozen=True)
class Attack:
    """Accuracy under an adversarial attack.

    Attributes:
        name: FGSM or PGD.
        epsilon: the largest change of a pixel, where full ink is 1.
        accuracy: the fraction of the attacked images that is predicted correctly.
        interval_95: its 95 % confidence interval (Wilson).
    """

    name: str
    epsilon: float
    accuracy: float
    interval_95: tuple[float, float]


@dataclass(frozen=True)
class AdversarialRobustness:
    """Robustness to adversarial attacks.

    Attributes:
        images: the number of attacked images, evenly spaced over the test set.
        clean_accuracy: the accuracy on the same images without an attack.
        attacks: the accuracy under each attack.
    """

    images: int
    clean_accuracy: float
    attacks: tuple[Attack, ...]


@dataclass(frozen=True)
class Report:
    """All figures of one classifier.

    Attributes:
        format: the version of this format.
        name: the classifier's name.
        test_sha256: SHA-256 of MNIST's test images and labels, as uncompressed IDX files.
        accuracy: accuracy on MNIST's test images.
        calibration: whether the probabilities agree with the observed frequencies.
        corruptions: robustness to corruptions.
        ood: detection of out-of-distribution images.
        adversarial: robustness to adversarial attacks; None where there is no gradient.
        costs: size and speed; the only section that differs from run to run.
        origin: where the classifier comes from.
        measured_with: the versions of the libraries that it was measured with.
    """

    format: Literal[2]
    name: str
    test_sha256: dict[str, str]
    accuracy: Accuracy
    calibration: Calibration
    corruptions: Robustness
    ood: OODDetection
    adversarial: AdversarialRobustness | None
    costs: Costs
    origin: Origin
    measured_with: dict[str, str]

    def __repr__(self) -> str:
        """Return the classifier's name and accuracy."""
        return f"Report({self.name!r}, accuracy={self.accuracy.metrics.accuracy:.4f})"

    def to_dict(self) -> dict[str, Any]:
        """Return every figure by name, as in `report.json`."""
        return as_json_values(self)


def read_report(path: str | Path) -> Report:
    """Read a report.

    Args:
        path: a report's folder, or its report.json.

    Raises:
        ReportError: it is missing, damaged, or of another version.
    """
    path = Path(path) / FILE if Path(path).is_dir() else Path(path)
    try:
        return parse_json(path.read_bytes(), Report)
    except OSError as error:
        raise ReportError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ReportError(
            f"{path} is not a report that this version reads ({error}); make it again with "
            "`tendigits evaluate --full`."
        ) from error


def is_report(path: str | Path) -> bool:
    """Return whether `path` is a report's folder or a JSON file."""
    return (Path(path) / FILE).is_file() or Path(path).suffix == ".json"
