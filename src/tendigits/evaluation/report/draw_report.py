"""A report's pictures."""

from pathlib import Path

from tendigits.data import LabelledImages
from tendigits.evaluation.accuracy.draw_accuracy import (
    draw_confused_pairs,
    draw_confusion,
    draw_label_errors,
    draw_worst_errors,
)
from tendigits.evaluation.attacks.draw_attacks import draw_attacks
from tendigits.evaluation.confidence.draw_confidence import draw_reliability, draw_selective
from tendigits.evaluation.corruptions.draw_corruptions import (
    draw_corruption_samples,
    draw_robustness,
)
from tendigits.evaluation.cost.draw_cost import draw_cost
from tendigits.evaluation.no_digit.draw_no_digit import draw_no_digits, draw_sureness
from tendigits.evaluation.report.measure import Measured


def draw_report(measured: Measured, test: LabelledImages, folder: Path) -> None:
    """Write a report's PNGs into `folder`."""
    report = measured.report
    accuracy, names = report.accuracy, [each.name for each in report.accuracy.classes]
    images = test.images
    draw_confusion(accuracy.metrics, names, folder / "confusion.png")
    draw_confused_pairs(
        images, accuracy.confused, accuracy.mistakes, names, folder / "confused-pairs.png"
    )
    draw_worst_errors(images, accuracy.mistakes, names, folder / "worst-errors.png")
    draw_label_errors(images, accuracy.corrected.answers, folder / "label-errors.png")
    draw_reliability(report.confidence, folder / "reliability.png")
    draw_selective(report.confidence.selective, folder / "selective.png")
    draw_corruption_samples(images, folder / "corruption-samples.png")
    draw_robustness(report.robustness, folder / "corruptions.png")
    draw_no_digits(measured.no_digits, folder / "no-digits.png")
    draw_sureness(measured.of_digits, measured.of_no_digits, folder / "sureness.png")
    if report.attacks is not None:
        draw_attacks(report.attacks, folder / "attacks.png")
    draw_cost(report.costs, folder / "cost.png")
