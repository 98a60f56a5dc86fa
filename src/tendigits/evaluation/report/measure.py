"""The full evaluation, told in order: every figure of one classifier."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from tendigits.classifiers import Classifier, load_model_file, shipped_models
from tendigits.data import CLASSES, Dataset
from tendigits.evaluation.accuracy import measure_accuracy
from tendigits.evaluation.attacks import measure_attacks
from tendigits.evaluation.confidence import measure_confidence
from tendigits.evaluation.corruptions import measure_robustness
from tendigits.evaluation.cost import Costs, measure_cost
from tendigits.evaluation.no_digit import find_fashion, measure_rejection, no_digit_sets
from tendigits.evaluation.report.contents import FORMAT, Report
from tendigits.loading import load_classifier
from tendigits.training import describe_environment

Step = Callable[[str, int, int], None]
SEED_NETWORK = "mlp"
_LIBRARIES = ("tendigits", "numpy", "scipy", "torch", "onnxruntime", "matplotlib")


@dataclass(frozen=True, eq=False)
class Measured:
    """A report and what its pictures are drawn from.

    Attributes:
        report: every figure.
        no_digits: the sets of images (n, 28, 28) uint8 that show no digit, by name.
        of_digits: (n,) how sure the classifier is of the test images.
        of_no_digits: (n,) the same for each set.
    """

    report: Report
    no_digits: dict[str, NDArray[np.uint8]]
    of_digits: NDArray[np.float32]
    of_no_digits: dict[str, NDArray[np.float32]]


def measure_fully(classifier: Classifier, dataset: Dataset, step: Step) -> Measured:
    """Measure a classifier of digits in every way that is known here.

    Args:
        classifier: what is measured.
        dataset: MNIST.
        step: is told how far it is.
    """
    test = dataset.test
    step("Test images", 0, 1)
    logits = classifier.logits(test.images)
    step("Test images", 1, 1)
    accuracy = measure_accuracy(
        log_softmax(logits, axis=1)[:, :CLASSES], test.labels, classifier.class_names
    )
    shipped = [load_classifier(name) for name in shipped_models()]
    beside = with_references(classifier, shipped)
    robustness = measure_robustness(
        {name: each.logits for name, each in beside.items()}, test, step
    )
    no_digits = no_digit_sets(test, step)
    of_digits = _sureness(classifier, logits)
    of_no_digits = {
        name: _sureness(classifier, classifier.logits(images)) for name, images in no_digits.items()
    }
    report = Report(
        format=FORMAT,
        name=classifier.name,
        test_sha256={name: sha for name, sha in dataset.checksums.items() if "t10k" in name},
        accuracy=accuracy,
        confidence=measure_confidence(logits, test.labels, classifier.temperature),
        robustness=robustness,
        rejection=measure_rejection(
            of_digits,
            of_no_digits,
            classifier.threshold,
            fashion_missing=find_fashion() is None,
        ),
        attacks=measure_attacks(network, test, step)
        if (network := classifier.torch_network())
        else None,
        costs=_costs(classifier, accuracy.metrics.accuracy, shipped, step),
        origin=classifier.origin,
        made_with={library: version(library) for library in _LIBRARIES},
    )
    return Measured(report, no_digits, of_digits, of_no_digits)


def with_references(classifier: Classifier, shipped: list[Classifier]) -> dict[str, Classifier]:
    """Return the classifier, the seed network and the best that ships, each once, by name."""
    seed = next(each for each in shipped if each.name == SEED_NETWORK)
    best = max(shipped, key=lambda each: _recorded_accuracy(each.name))
    beside = {classifier.name: classifier}
    for each, part in ((seed, "the seed network"), (best, "the best that ships")):
        if each.origin.sha256 not in {other.origin.sha256 for other in beside.values()}:
            beside[f"{each.name} ({part})"] = each
    return beside


def _sureness(classifier: Classifier, logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n,) the probability of the likeliest digit, as the classifier's users meet it."""
    answers = log_softmax(logits / (classifier.temperature or 1.0), axis=1)
    sureness: NDArray[np.float32] = np.exp(answers[:, :CLASSES].max(axis=1))
    return sureness


def _costs(classifier: Classifier, accuracy: float, shipped: list[Classifier], step: Step) -> Costs:
    others = [each for each in shipped if each.origin.sha256 != classifier.origin.sha256]
    costs = [measure_cost(classifier, accuracy)]
    for done, each in enumerate(others):
        step("Cost", done, len(others))
        costs.append(measure_cost(each, _recorded_accuracy(each.name)))
    step("Cost", len(others), len(others))
    environment = describe_environment()
    return Costs(
        machine=f"{environment.cpu}, {environment.cores} cores, {environment.system}",
        measured=datetime.now(UTC).isoformat(timespec="seconds"),
        classifiers=tuple(costs),
    )


def _recorded_accuracy(name: str) -> float:
    info = load_model_file(name).info
    return info.test.accuracy
