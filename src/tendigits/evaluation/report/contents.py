"""What a report holds: every figure, typed, as `report.json` has it."""

from dataclasses import dataclass
from typing import Literal

from tendigits.classifiers import Origin
from tendigits.evaluation.accuracy import Accuracy
from tendigits.evaluation.attacks import Attacks
from tendigits.evaluation.confidence import Confidence
from tendigits.evaluation.corruptions import Robustness
from tendigits.evaluation.cost import Costs
from tendigits.evaluation.no_digit import Rejection

FORMAT: Literal[1] = 1


@dataclass(frozen=True)
class Report:
    """All figures of one classifier.

    Attributes:
        format: the version of this record.
        name: what the classifier is called.
        test_sha256: SHA-256 of MNIST's test images and labels, as unpacked IDX files.
        accuracy: on MNIST's test images.
        confidence: whether its probabilities can be believed.
        robustness: what corruptions cost.
        rejection: whether it tells what is no digit.
        attacks: what is left under attack; None where its weights are not at hand.
        costs: what it costs; the one part that differs from run to run.
        origin: where it comes from.
        made_with: the versions that measured it.
    """

    format: Literal[1]
    name: str
    test_sha256: dict[str, str]
    accuracy: Accuracy
    confidence: Confidence
    robustness: Robustness
    rejection: Rejection
    attacks: Attacks | None
    costs: Costs
    origin: Origin
    made_with: dict[str, str]

    @property
    def headline(self) -> dict[str, float | None]:
        """The five figures that stand first wherever the report is summed up."""
        shipped = self.confidence.shipped
        return {
            "accuracy": self.accuracy.metrics.accuracy,
            "negative_log_likelihood": shipped.negative_log_likelihood,
            "calibration_error": shipped.calibration_error,
            "corrupted_error": self.robustness.classifiers[0].mean,
            "ood_auroc": self.rejection.mean_auroc,
        }
