from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tendigits import load_classifier, read_report
from tendigits.classifiers.model_file import shipped_reports
from tendigits.evaluation.report.measure import with_references

REPORTS = shipped_reports()


def test_figures_are_the_same_from_run_to_run(full_report: Path) -> None:
    # The shipped report was measured once; all but the times must come out again.
    again, shipped = (asdict(read_report(path)) for path in (full_report, REPORTS["mlp"]))
    for report in (again, shipped):
        for section in ("costs", "made_with"):
            del report[section]
        if shipped["rejection"]["fashion_missing"] != again["rejection"]["fashion_missing"]:
            del report["rejection"]
    assert_near(again, shipped)


def test_the_seed_network_and_the_best_that_ships_stand_beside(full_report: Path) -> None:
    names = [each.name for each in read_report(full_report).robustness.classifiers]
    best = max(REPORTS, key=lambda name: load_classifier(name).info.test.accuracy)
    assert names == ["mlp", f"{best} (the best that ships)"]  # each once


def test_another_classifier_of_the_same_name_hides_nobody() -> None:
    shipped = [load_classifier(name) for name in REPORTS]
    seed = next(each for each in shipped if each.name == "mlp")
    other = replace(seed, origin=replace(seed.origin, sha256="another"))
    beside = with_references(other, shipped)
    assert list(beside.values())[:2] == [other, seed]
    assert list(beside)[:2] == ["mlp", "mlp (the seed network)"]


def test_the_accuracy_is_the_one_that_the_model_file_states(full_report: Path) -> None:
    report = read_report(full_report)
    assert report.accuracy.metrics.accuracy == load_classifier("mlp").info.test.accuracy
    assert report.costs.classifiers[0].name == "mlp"
    assert {each.name for each in report.costs.classifiers} == set(REPORTS)


def assert_near(found: object, expected: object, place: str = "") -> None:
    """Compare nested figures, numbers to a ten-thousandth."""
    if isinstance(expected, dict):
        assert isinstance(found, dict)
        assert list(found) == list(expected), place
        for key, value in expected.items():
            assert_near(found[key], value, f"{place}.{key}")
    elif isinstance(expected, list | tuple):
        assert isinstance(found, list | tuple)
        assert len(found) == len(expected), place
        for at, (one, other) in enumerate(zip(found, expected, strict=True)):
            assert_near(one, other, f"{place}.{at}")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=1e-4), place
    else:
        assert found == expected, place
