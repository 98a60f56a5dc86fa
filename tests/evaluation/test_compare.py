import statistics
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from tendigits import export_model, load_classifier, train
from tendigits.classifiers import Classifier, Predictions, load_model_file
from tendigits.classifiers.model_file import pretrained_reports
from tendigits.data import Dataset
from tendigits.errors import ReportError
from tendigits.evaluation import read_report
from tendigits.evaluation.compare import (
    ComparedModel,
    Comparison,
    McNemar,
    Pair,
    Spread,
    compare,
    compared_model_of_predictions,
    compared_model_of_report,
    holm,
    mcnemar,
    spread,
)
from tendigits.evaluation.comparison_table import describe_comparison

ERRORS = st.sets(st.integers(0, 200))
FRACTIONS = st.lists(st.floats(0, 1), min_size=2, max_size=12)


@pytest.fixture(scope="module")
def mlp() -> Classifier:
    return load_model_file("mlp")


@pytest.fixture(scope="module")
def predictions(mlp: Classifier, mnist: Dataset) -> Predictions:
    return mlp.predict(mnist.test.images, mnist.test.labels)


@pytest.fixture(scope="module")
def model(mlp: Classifier, predictions: Predictions) -> ComparedModel:
    return compared_model_of_predictions(mlp, predictions)


@pytest.fixture(scope="module")
def other_seed(mlp: Classifier, predictions: Predictions) -> ComparedModel:
    """A model of the same recipe with another seed and a hundred errors more."""
    logits = predictions.logits.copy()
    logits[:100] = np.roll(logits[:100], 1, axis=1)
    recipe = mlp.origin.recipe | {"seed": 7}
    origin = replace(mlp.origin, sha256="another", weights_sha256="another", recipe=recipe)
    return compared_model_of_predictions(
        replace(mlp, name="seed 7", origin=origin), replace(predictions, logits=logits)
    )


@pytest.fixture(scope="module")
def constant(mlp: Classifier, predictions: Predictions) -> ComparedModel:
    """A model of unknown origin that always predicts 1."""
    origin = replace(mlp.origin, sha256="constant", weights_sha256=None, recipe={})
    logits = np.tile(np.eye(10, dtype=np.float32)[1], (10_000, 1))
    return compared_model_of_predictions(
        replace(mlp, name="constant", origin=origin), replace(predictions, logits=logits)
    )


def test_model_has_the_figures_of_its_predictions(
    model: ComparedModel, predictions: Predictions
) -> None:
    assert model.metrics.accuracy == predictions.correct.mean()
    assert len(model.errors) == (~predictions.correct).sum()
    assert model.corrupted_error is None
    assert model.ood_auroc is None


def test_model_of_a_report_has_the_figures_of_the_report(model: ComparedModel) -> None:
    report = read_report(pretrained_reports()["mlp"])
    read = compared_model_of_report(report)
    assert (read.name, read.recipe) == ("mlp", model.recipe)
    assert read.is_same_as(model)
    assert read.metrics.confusion == model.metrics.confusion
    assert read.errors == model.errors
    assert read.calibration.brier_score == pytest.approx(model.calibration.brier_score)
    assert read.corrupted_error == report.corruptions.classifiers[0].mean
    assert read.ood_auroc == report.ood.mean_auroc


def test_models_that_differ_in_the_seed_are_summarised_and_not_tested(
    model: ComparedModel, other_seed: ComparedModel
) -> None:
    compared = compare([model, other_seed])
    assert compared.pairs == ()
    accuracies = [model.metrics.accuracy, other_seed.metrics.accuracy]
    assert list(compared.seeds) == ["mlp"]
    assert compared.seeds["mlp"].runs == 2
    assert compared.seeds["mlp"].mean == pytest.approx(statistics.mean(accuracies))


def test_seeds_of_different_recipes_of_one_name_are_summarised_apart(
    model: ComparedModel, other_seed: ComparedModel
) -> None:
    changed = [
        replace(each, name=f"{each.name} changed", recipe=each.recipe | {"epochs": 1})
        for each in (model, other_seed)
    ]
    compared = compare([model, other_seed, *changed])
    assert list(compared.seeds) == ["mlp, seed 7", "mlp changed, seed 7 changed"]
    assert {each.runs for each in compared.seeds.values()} == {2}
    assert list(compare([model, other_seed, changed[0]]).seeds) == ["mlp, seed 7"]


def test_each_pair_of_different_recipes_is_tested(
    model: ComparedModel, other_seed: ComparedModel, constant: ComparedModel
) -> None:
    compared = compare([model, other_seed, constant])
    assert compared.models == (model, other_seed, constant)
    assert [pair.names for pair in compared.pairs] == [("mlp", "constant"), ("seed 7", "constant")]
    for pair in compared.pairs:
        assert pair.p_value < 1e-6
        assert pair.test.first_only < pair.test.second_only


def test_same_classifier_twice_is_neither_tested_nor_summarised(model: ComparedModel) -> None:
    compared = compare([model, model])
    assert (compared.pairs, compared.seeds) == ((), {})


def test_run_and_its_own_export_are_one_model(
    small_mnist: Dataset, mnist: Dataset, tmp_path: Path
) -> None:
    small = {"epochs": 1, "network.widths": [5]}
    run = train("mlp", small, data=small_mnist, out=tmp_path / "run", threads=1, quiet=True)
    exported = export_model(run, tmp_path / "exported.onnx").path
    models = [
        compared_model_of_predictions(each, each.predict(mnist.test.images, mnist.test.labels))
        for each in (load_classifier(run), load_classifier(exported))
    ]
    compared = compare(models)
    assert [each.name for each in compared.models] == ["run", "mlp"]
    assert (compared.seeds, compared.pairs) == ({}, ())


def test_other_weights_of_the_same_seed_are_tested_and_are_no_second_seed(
    model: ComparedModel,
) -> None:
    eight_bits = replace(model, checksums=frozenset({"int8"}), file="int8.onnx")
    compared = compare([model, eight_bits])
    assert compared.seeds == {}
    assert [pair.names for pair in compared.pairs] == [("mlp (mlp)", "mlp (int8.onnx)")]


def test_models_of_one_name_and_file_are_numbered(model: ComparedModel) -> None:
    assert [each.name for each in compare([model, model]).models] == [
        "mlp (mlp) 1",
        "mlp (mlp) 2",
    ]


def test_comparison_needs_two_models(model: ComparedModel) -> None:
    for models in ([], [model]):
        with pytest.raises(ReportError, match="two or more"):
            compare(models)


def test_comparison_is_printed_as_tables_within_100_columns(model: ComparedModel) -> None:
    text = describe_comparison(
        Comparison(
            (model, replace(model, name="report", corrupted_error=0.25, ood_auroc=0.9)),
            (
                Pair(("one", "other"), McNemar(30, 5, 1e-5), 2e-5),
                Pair(("one", "third"), McNemar(10, 9, 1), 1),
            ),
            {"mlp": Spread(3, 0.98, 0.001, 0.979, 0.981, (0.9795, 0.9805))},
        )
    )
    lines = text.splitlines()
    assert max(len(line) for line in lines) <= 100
    assert lines[1].split()[:5] == ["mlp", "97.89%", "97.59", "to", "98.15%"]
    assert lines[1].split()[-2:] == ["-", "-"]
    assert lines[2].split()[-2:] == ["25.0%", "0.900"]
    assert any("3 seeds: 98.00 ± 0.10 % (97.90 to 98.10)" in line for line in lines)
    (large,) = (line for line in lines if line.startswith("one / other"))
    (small,) = (line for line in lines if line.startswith("one / third"))
    assert large.split()[3:] == ["30", "5", "2e-05", "significant"]
    assert small.split()[3:] == ["10", "9", "1", "not", "significant"]


def test_p_value_of_mcnemars_test_is_that_of_a_fair_coin() -> None:
    test = mcnemar(range(10, 20), range(18, 21))  # 8 and 1 images only
    assert (test.first_only, test.second_only) == (8, 1)
    assert test.p_value == pytest.approx(2 * binom.cdf(1, 9, 0.5))


@settings(deadline=None)
@given(ERRORS, ERRORS)
def test_mcnemars_test_is_symmetric(first: set[int], second: set[int]) -> None:
    one, other = mcnemar(first, second), mcnemar(second, first)
    assert one.p_value == pytest.approx(other.p_value)
    assert (one.first_only, one.second_only) == (other.second_only, other.first_only)


@given(ERRORS)
def test_p_value_of_equal_errors_is_1(errors: set[int]) -> None:
    assert mcnemar(errors, errors).p_value == 1


def test_holms_correction_equals_the_published_procedure() -> None:
    # By hand: 0.01 * 4, 0.02 * 3, 0.03 * 2, 0.04 * 1, each no less than the one before.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1, 1]
    assert holm([]) == []


@settings(deadline=None, max_examples=20)
@given(FRACTIONS)
def test_spread_has_mean_deviation_and_an_interval_within_the_range(values: list[float]) -> None:
    found = spread(values)
    assert found.runs == len(values)
    assert found.mean == pytest.approx(statistics.mean(values))
    assert found.deviation == pytest.approx(statistics.stdev(values), abs=1e-9)
    low, high = found.interval_95
    assert min(values) == found.lowest <= low + 1e-12
    assert low <= high
    assert high - 1e-12 <= found.highest == max(values)
    assert spread(values) == found


def test_bootstrap_interval_is_about_two_standard_errors_to_each_side() -> None:
    found = spread([0.01 * number for number in range(100)])
    error = found.deviation / 10
    assert found.interval_95 == pytest.approx(
        (found.mean - 1.96 * error, found.mean + 1.96 * error), abs=0.2 * error
    )
