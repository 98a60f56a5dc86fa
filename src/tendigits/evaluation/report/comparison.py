"""Several classifiers side by side, and whether they differ by more than chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from scipy.special import log_softmax

from tendigits.data import CLASSES, load_dataset
from tendigits.errors import ReportError
from tendigits.evaluation.accuracy import (
    Accuracy,
    McNemar,
    Spread,
    holm,
    mcnemar,
    measure_accuracy,
    spread,
)
from tendigits.evaluation.confidence import Calibration, measure_confidence
from tendigits.evaluation.report.contents import Report
from tendigits.evaluation.report.read_report import is_report, read_report
from tendigits.loading import load_classifier


@dataclass(frozen=True)
class Contender:
    """One of those that are compared.

    Attributes:
        name: what it is called.
        sha256: of its weights or file.
        accuracy: on MNIST's test images.
        calibration: of its probabilities as its users meet them.
        recipe: every setting of its training but the seed; empty where it is not known.
        corrupted_error: its mean error on corrupted images; None where there is no report.
        ood_auroc: how well it tells digits from what is none; None where there is no report.
    """

    name: str
    sha256: str
    accuracy: Accuracy
    calibration: Calibration
    recipe: dict[str, object]
    corrupted_error: float | None
    ood_auroc: float | None


@dataclass(frozen=True)
class Pair:
    """Two contenders on the same images.

    Attributes:
        names: theirs.
        test: McNemar's test.
        p_value: its p-value, corrected for the number of pairs (Holm).
    """

    names: tuple[str, str]
    test: McNemar
    p_value: float


@dataclass(frozen=True)
class Comparison:
    """Several classifiers side by side.

    Attributes:
        contenders: they, in the order in which they were given.
        pairs: each two of them that differ by more than their seed.
        seeds: the accuracy over those that differ in their seed alone, by recipe.
    """

    contenders: tuple[Contender, ...]
    pairs: tuple[Pair, ...]
    seeds: dict[str, Spread]


def compare(sources: Sequence[str | Path]) -> Comparison:
    """Set classifiers side by side on MNIST's test images.

    Args:
        sources: two or more of what `load_classifier` takes, or reports (their folders or
            report.json), which are read and not measured again.

    Raises:
        ReportError: a report cannot be read, or there are fewer than two to compare.
        ModelError, RunError: a classifier cannot be used.
    """
    if len(sources) < 2:
        raise ReportError("There is nothing to compare with; give two models or reports, or more.")
    contenders = tuple(_contender(source) for source in sources)
    return Comparison(contenders, _pairs(contenders), _seeds(contenders))


def _contender(source: str | Path) -> Contender:
    return _of_report(read_report(source)) if is_report(source) else _measured(source)


def _of_report(report: Report) -> Contender:
    return Contender(
        name=report.name,
        sha256=report.origin.sha256,
        accuracy=report.accuracy,
        calibration=report.confidence.shipped,
        recipe=_without_seed(report.origin.recipe),
        corrupted_error=report.headline["corrupted_error"],
        ood_auroc=report.headline["ood_auroc"],
    )


def _measured(source: str | Path) -> Contender:
    classifier, test = load_classifier(source), load_dataset("mnist").test
    logits = classifier.logits(test.images)
    answers = log_softmax(logits, axis=1)[:, :CLASSES]
    return Contender(
        name=classifier.name,
        sha256=classifier.origin.sha256,
        accuracy=measure_accuracy(answers, test.labels, classifier.class_names),
        calibration=measure_confidence(logits, test.labels, classifier.temperature).shipped,
        recipe=_without_seed(classifier.origin.recipe),
        corrupted_error=None,
        ood_auroc=None,
    )


def _without_seed(recipe: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in recipe.items() if name != "seed"}


def _pairs(contenders: Sequence[Contender]) -> tuple[Pair, ...]:
    pairs = [
        (first, second)
        for first, second in combinations(contenders, 2)
        if first.sha256 != second.sha256 and (not first.recipe or first.recipe != second.recipe)
    ]
    tests = [mcnemar(_wrong(first), _wrong(second)) for first, second in pairs]
    corrected = holm([test.p_value for test in tests])
    return tuple(
        Pair((first.name, second.name), test, p_value)
        for (first, second), test, p_value in zip(pairs, tests, corrected, strict=True)
    )


def _wrong(contender: Contender) -> set[int]:
    return {mistake.index for mistake in contender.accuracy.mistakes}


def _seeds(contenders: Sequence[Contender]) -> dict[str, Spread]:
    different = list({each.sha256: each for each in contenders if each.recipe}.values())
    spreads = {}
    for contender in different:
        same = [each for each in different if each.recipe == contender.recipe]
        if len(same) > 1 and same[0] is contender:
            accuracies = [each.accuracy.metrics.accuracy for each in same]
            spreads[str(contender.recipe["name"])] = spread(accuracies)
    return spreads
