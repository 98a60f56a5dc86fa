"""Several recognisers side by side, and whether they differ by more than chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from scipy.special import log_softmax

from tendigits.datasets import CLASSES, load_dataset
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
from tendigits.evaluation.recogniser import load_recogniser
from tendigits.evaluation.report.contents import Report
from tendigits.evaluation.report.read import is_report, read_report


@dataclass(frozen=True)
class Contender:
    """One of those that are compared.

    Attributes:
        name: what it was called when it was given.
        accuracy: on MNIST's test images.
        calibration: of its probabilities as its users meet them.
        recipe: every setting of its training but the seed; empty where it is not known.
        corrupted_error: its mean error on corrupted images; None where there is no report.
        no_digit_auroc: how well it tells digits from what is none; None where there is no report.
    """

    name: str
    accuracy: Accuracy
    calibration: Calibration
    recipe: dict[str, object]
    corrupted_error: float | None
    no_digit_auroc: float | None


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
    """Several recognisers side by side.

    Attributes:
        contenders: they, in the order in which they were given.
        pairs: each two of them.
        seeds: the accuracy over those that differ in their seed alone, by recipe.
    """

    contenders: tuple[Contender, ...]
    pairs: tuple[Pair, ...]
    seeds: dict[str, Spread]


def compare(sources: Sequence[str | Path]) -> Comparison:
    """Set recognisers side by side on MNIST's test images.

    Args:
        sources: two or more of what `load_recogniser` takes, or reports (their folders or
            report.json), which are read and not measured again.

    Raises:
        ReportError: a report cannot be read, or there are fewer than two to compare.
        ModelError, RunError: a recogniser cannot be used.
    """
    if len(sources) < 2:
        raise ReportError("There is nothing to compare with; give two models or reports, or more.")
    contenders = tuple(_contender(source) for source in sources)
    return Comparison(contenders, _pairs(contenders), _seeds(contenders))


def _contender(source: str | Path) -> Contender:
    return _of_report(read_report(source), str(source)) if is_report(source) else _measured(source)


def _of_report(report: Report, name: str) -> Contender:
    return Contender(
        name=name,
        accuracy=report.accuracy,
        calibration=report.confidence.shipped,
        recipe=_without_seed(report.origin.recipe),
        corrupted_error=report.headline["corrupted_error"],
        no_digit_auroc=report.headline["no_digit_auroc"],
    )


def _measured(source: str | Path) -> Contender:
    recogniser, test = load_recogniser(source), load_dataset("mnist").test
    logits = recogniser.logits(test.images)
    answers = log_softmax(logits, axis=1)[:, :CLASSES]
    return Contender(
        name=str(source),
        accuracy=measure_accuracy(answers, test.labels, recogniser.class_names),
        calibration=measure_confidence(logits, test.labels, recogniser.temperature).shipped,
        recipe=_without_seed(recogniser.origin.recipe),
        corrupted_error=None,
        no_digit_auroc=None,
    )


def _without_seed(recipe: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in recipe.items() if name != "seed"}


def _pairs(contenders: Sequence[Contender]) -> tuple[Pair, ...]:
    wrong = [[each.index for each in contender.accuracy.mistakes] for contender in contenders]
    numbers = list(combinations(range(len(contenders)), 2))
    tests = [mcnemar(wrong[first], wrong[second]) for first, second in numbers]
    corrected = holm([test.p_value for test in tests])
    return tuple(
        Pair((contenders[first].name, contenders[second].name), test, p_value)
        for (first, second), test, p_value in zip(numbers, tests, corrected, strict=True)
    )


def _seeds(contenders: Sequence[Contender]) -> dict[str, Spread]:
    recipes = [each.recipe for each in contenders if each.recipe]
    repeated = [recipe for at, recipe in enumerate(recipes) if recipe in recipes[:at]]
    spreads = {}
    for recipe in repeated:
        same = [each.accuracy.metrics.accuracy for each in contenders if each.recipe == recipe]
        spreads[str(recipe["name"])] = spread(same)
    return spreads
