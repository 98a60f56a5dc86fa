from pathlib import Path

import pytest

import tendigits
from tendigits import compare
from tendigits.data import Dataset
from tendigits.errors import ReportError
from tendigits.evaluation.report import Comparison


@pytest.fixture(scope="module")
def seeds(small_mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two runs that differ in their seed alone."""
    folder = tmp_path_factory.mktemp("runs")
    settings: list[dict[str, object]] = [{"epochs": 1, "seed": seed} for seed in (0, 1)]
    return [
        tendigits.train(
            *("mlp", each), data=small_mnist, out=folder / str(each["seed"]), threads=1, quiet=True
        ).folder
        for each in settings
    ]


@pytest.fixture(scope="module")
def comparison(seeds: list[Path]) -> Comparison:
    return compare([*seeds, "tiny"])


def test_each_stands_beside_the_others_in_the_order_given(comparison: Comparison) -> None:
    assert [each.name for each in comparison.contenders] == ["0", "1", "tiny"]
    assert comparison.contenders[2].accuracy.metrics.accuracy > 0.99
    assert comparison.contenders[2].corrupted_error is None


def test_runs_that_differ_in_their_seed_are_summed_up_and_not_tested(
    comparison: Comparison,
) -> None:
    assert [pair.names for pair in comparison.pairs] == [("0", "tiny"), ("1", "tiny")]
    accuracies = [each.accuracy.metrics.accuracy for each in comparison.contenders[:2]]
    assert list(comparison.seeds) == ["mlp"]
    assert comparison.seeds["mlp"].runs == 2
    assert comparison.seeds["mlp"].mean == pytest.approx(sum(accuracies) / 2)


def test_a_large_difference_is_more_than_chance(comparison: Comparison) -> None:
    assert all(pair.p_value < 1e-6 for pair in comparison.pairs)
    assert all(pair.test.first_alone > pair.test.second_alone for pair in comparison.pairs)


def test_a_report_is_read_and_differs_from_its_model_by_chance(full_report: Path) -> None:
    found = compare([full_report, "mlp"])
    report, model = found.contenders
    assert report.accuracy.metrics == model.accuracy.metrics
    assert report.calibration == model.calibration
    assert report.corrupted_error is not None
    assert found.pairs == ()  # the same classifier twice
    assert found.seeds == {}


@pytest.mark.parametrize("sources", [[], ["mlp"]])
def test_one_alone_cannot_be_compared(sources: list[str]) -> None:
    with pytest.raises(ReportError, match="two"):
        compare(sources)
