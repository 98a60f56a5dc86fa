from dataclasses import replace

import pytest

from tendigits.classifiers.model_file import pretrained_reports
from tendigits.evaluation.in_short import in_short
from tendigits.evaluation.report import Report, read_report


@pytest.fixture(scope="module")
def report() -> Report:
    return read_report(pretrained_reports()["tiny"])


def with_errors(report: Report, **errors: float) -> Report:
    """Return a report with these errors under corruptions, and 2 % under all others."""
    measured, *others = report.corruptions.classifiers
    changed: dict[str, tuple[float, ...]] = {
        name: (errors.get(name, 0.02),) * 5 for name in measured.errors
    }
    classifiers = (replace(measured, errors=changed), *others)
    return replace(report, corruptions=replace(report.corruptions, classifiers=classifiers))


def test_report_says_how_many_digits_are_read_and_what_breaks_it(report: Report) -> None:
    digits, corruptions, confidence = in_short(report)
    errors = sum(report.accuracy.metrics.errors_per_class)
    assert f"{(10_000 - errors) / 100:.1f} correctly ({errors} errors" in digits
    assert corruptions.startswith("Brightness and fog break it: ")
    assert "of the images that show no digit" in confidence


def test_only_corruptions_with_many_errors_break_a_classifier(report: Report) -> None:
    sentences = [
        in_short(with_errors(report, **errors))[1]
        for errors in ({"fog": 0.73, "stripe": 0.61}, {"fog": 0.73}, {"fog": 0.04, "stripe": 0.03})
    ]
    assert sentences[0].startswith("Fog and stripe break it: 73 % and 61 % of the digits are")
    assert sentences[1].startswith("Fog breaks it: 73 % of the digits are wrong;")
    assert sentences[2].startswith("Fog and stripe disturb it most: 4 % and 3 % of the digits")


def test_classifier_without_a_threshold_accepts_everything(report: Report) -> None:
    without = replace(report, ood=replace(report.ood, threshold=0.0))
    assert "it has no threshold, so it accepts images that show no digit." in in_short(without)[2]
