"""Comparison of classifiers on MNIST's test images, with tests of significance, as a table."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from tendigits.classifiers import Classifier, Origin, Predictions
from tendigits.errors import ReportError
from tendigits.evaluation.calibration import CalibrationMetrics, calibration_metrics
from tendigits.evaluation.label_errors import CorrectedAccuracy, correct_labels
from tendigits.evaluation.metrics import Metrics, measure
from tendigits.evaluation.report import Report
from tendigits.files import as_json_values

SIGNIFICANCE_LEVEL = 0.05
_RESAMPLES = 10_000


@dataclass(frozen=True)
class McNemar:
    """McNemar's test of two classifiers on the same images.

    Attributes:
        first_only: the number of images that only the first misclassifies.
        second_only: the number of images that only the second misclassifies.
        p_value: the probability of numbers at least this unequal if both had the same error rate.
    """

    first_only: int
    second_only: int
    p_value: float


@dataclass(frozen=True)
class Spread:
    """A figure over several runs that differ in their seed alone.

    Attributes:
        runs: the number of runs.
        mean: the mean.
        deviation: the standard deviation (n - 1).
        lowest: the minimum.
        highest: the maximum.
        interval_95: the mean's 95 % confidence interval (percentile bootstrap, 10,000 resamples).
    """

    runs: int
    mean: float
    deviation: float
    lowest: float
    highest: float
    interval_95: tuple[float, float]


@dataclass(frozen=True)
class ComparedModel:
    """One of the classifiers that are compared.

    Attributes:
        name: the classifier's name.
        checksums: of its file and of its weights, as far as they are known; models that share one
            are the same.
        metrics: on MNIST's test images.
        corrected: the same with the test set's label errors taken into account.
        errors: the indices of the misclassified test images.
        calibration: of the probabilities that it returns.
        recipe: every setting of its training; empty where it is not known.
        file: the name of its file or run folder, which tells two models of one name apart.
        corrupted_error: mean error on corrupted images; None without a report.
        ood_auroc: mean AUROC of OOD detection; None without a report.
    """

    name: str
    checksums: frozenset[str]
    metrics: Metrics
    corrected: CorrectedAccuracy
    errors: frozenset[int]
    calibration: CalibrationMetrics
    recipe: dict[str, object]
    file: str
    corrupted_error: float | None = None
    ood_auroc: float | None = None

    def is_same_as(self, other: "ComparedModel") -> bool:
        """Return whether both are one model, such as a run and what it was exported to."""
        return bool(self.checksums & other.checksums)

    def differs_in_seed_alone(self, other: "ComparedModel") -> bool:
        """Return whether both were trained by one recipe with different seeds."""
        return (
            bool(self.recipe)
            and _without_seed(self.recipe) == _without_seed(other.recipe)
            and self.recipe.get("seed") != other.recipe.get("seed")
        )


@dataclass(frozen=True)
class Pair:
    """Two classifiers on the same images.

    Attributes:
        names: the names of the two.
        test: McNemar's test.
        p_value: its p-value, corrected for the number of pairs (Holm).
    """

    names: tuple[str, str]
    test: McNemar
    p_value: float


@dataclass(frozen=True)
class Comparison:
    """A comparison of classifiers.

    Attributes:
        models: the classifiers, in the given order. Those of one name are called "name (file)".
        pairs: each two different ones, if they differ in more than their seed.
        seeds: the accuracy over those that differ in their seed alone, by the recipe's name, or by
            the classifiers' names where several recipes have that one.
    """

    models: tuple[ComparedModel, ...]
    pairs: tuple[Pair, ...]
    seeds: dict[str, Spread]

    def __repr__(self) -> str:
        """Return the accuracy of each classifier."""
        models = [f"{each.name}: {each.metrics.accuracy:.4f}" for each in self.models]
        return f"Comparison({', '.join(models)})"

    def to_dict(self) -> dict[str, Any]:
        """Return every figure by name, as `tendigits compare --json` prints it."""
        return as_json_values(self)


def compared_model_of_report(report: Report) -> ComparedModel:
    """Return a model with the results of a report; nothing is measured again."""
    return ComparedModel(
        name=report.name,
        checksums=_checksums(report.origin),
        metrics=report.accuracy.metrics,
        corrected=report.accuracy.corrected,
        errors=frozenset(error.index for error in report.accuracy.errors),
        calibration=report.calibration.final,
        recipe=report.origin.recipe,
        file=report.origin.file,
        corrupted_error=report.corruptions.classifiers[0].mean,
        ood_auroc=report.ood.mean_auroc,
    )


def compared_model_of_predictions(
    classifier: Classifier, predictions: Predictions
) -> ComparedModel:
    """Return a model with the results of its predictions for MNIST's 10,000 test images."""
    return ComparedModel(
        name=classifier.name,
        checksums=_checksums(classifier.origin),
        metrics=measure(predictions),
        corrected=correct_labels(predictions),
        errors=frozenset(np.flatnonzero(~predictions.correct).tolist()),
        calibration=calibration_metrics(predictions),
        recipe=classifier.origin.recipe,
        file=classifier.origin.file,
    )


def compare(models: Sequence[ComparedModel]) -> Comparison:
    """Compare classifiers, and test which differences are significant.

    Raises:
        ReportError: there are fewer than two.
    """
    if len(models) < 2:
        raise ReportError("A comparison needs two or more models, runs or reports.")
    models = _with_unique_names(models)
    return Comparison(tuple(models), _test_pairs(models), _summarise_seeds(models))


def mcnemar(first_errors: Collection[int], second_errors: Collection[int]) -> McNemar:
    """Test by the images that only one of two classifiers misclassifies (exact, two-sided).

    Source: Q. McNemar, "Note on the sampling error of the difference between correlated
    proportions or percentages", Psychometrika 12, 1947; for classifiers: T. Dietterich,
    "Approximate statistical tests for comparing supervised classification learning algorithms",
    Neural Computation 10, 1998.

    Args:
        first_errors: the indices of the images that the first misclassifies.
        second_errors: those of the second, on the same images.
    """
    first, second = set(first_errors), set(second_errors)
    only = len(first - second), len(second - first)
    from scipy.stats import binomtest  # noqa: PLC0415 - it takes half a second

    return McNemar(*only, float(binomtest(min(only), sum(only)).pvalue) if any(only) else 1.0)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for multiple testing.

    Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
    Journal of Statistics 6, 1979.
    """
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[at]))
        corrected[at] = highest
    return corrected


def spread(values: Sequence[float]) -> Spread:
    """Return mean, deviation and the mean's confidence interval of two or more values.

    Source: B. Efron, R. Tibshirani, "An introduction to the bootstrap", 1993, chapter 13.
    """
    numbers = np.array(values)
    from scipy.stats import bootstrap  # noqa: PLC0415 - it takes half a second

    low, high = bootstrap(
        (numbers,),
        np.mean,
        n_resamples=_RESAMPLES,
        method="percentile",
        random_state=np.random.default_rng(0),
    ).confidence_interval
    return Spread(
        runs=len(numbers),
        mean=float(numbers.mean()),
        deviation=float(numbers.std(ddof=1)),
        lowest=float(numbers.min()),
        highest=float(numbers.max()),
        interval_95=(float(low), float(high)),
    )


def _checksums(origin: Origin) -> frozenset[str]:
    return frozenset(each for each in (origin.sha256, origin.weights_sha256) if each)


def _with_unique_names(models: Sequence[ComparedModel]) -> list[ComparedModel]:
    """Return the models with names that are told apart by the file, then by a number."""
    names = Counter(each.name for each in models)
    named = [
        replace(each, name=f"{each.name} ({each.file})") if names[each.name] > 1 else each
        for each in models
    ]
    names, seen = Counter(each.name for each in named), Counter[str]()
    for at, each in enumerate(named):
        seen[each.name] += 1
        if names[each.name] > 1:
            named[at] = replace(each, name=f"{each.name} {seen[each.name]}")
    return named


def _without_seed(recipe: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in recipe.items() if name != "seed"}


def _test_pairs(models: Sequence[ComparedModel]) -> tuple[Pair, ...]:
    pairs = [
        (first, second)
        for first, second in combinations(models, 2)
        if not first.is_same_as(second) and not first.differs_in_seed_alone(second)
    ]
    tests = [mcnemar(first.errors, second.errors) for first, second in pairs]
    corrected = holm([test.p_value for test in tests])
    return tuple(
        Pair((first.name, second.name), test, p_value)
        for (first, second), test, p_value in zip(pairs, tests, corrected, strict=True)
    )


def _summarise_seeds(models: Sequence[ComparedModel]) -> dict[str, Spread]:
    groups = _by_settings(models)
    recipes = Counter(_recipe_name(group) for group in groups)
    spreads: dict[str, Spread] = {}
    for group in groups:
        if len(group) > 1:
            is_unique = recipes[_recipe_name(group)] == 1
            name = _recipe_name(group) if is_unique else ", ".join(each.name for each in group)
            spreads[name] = spread([each.metrics.accuracy for each in group])
    return spreads


def _recipe_name(group: Sequence[ComparedModel]) -> str:
    return str(group[0].recipe["name"])


def _by_settings(models: Sequence[ComparedModel]) -> list[list[ComparedModel]]:
    """Return the models of each recipe, one of each seed."""
    groups: list[list[ComparedModel]] = []
    left = [each for each in models if each.recipe]
    while left:
        first, *others = left
        seeds = [first]
        for each in others:
            if all(each.differs_in_seed_alone(seed) for seed in seeds):
                seeds.append(each)
        groups.append(seeds)
        recipe = _without_seed(first.recipe)
        left = [each for each in others if _without_seed(each.recipe) != recipe]
    return groups
