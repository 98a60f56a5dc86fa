from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from PIL import Image

from tendigits.classifiers import Predictions
from tendigits.classifiers.model_file import pretrained_reports
from tendigits.data import CATALOGUE, Dataset
from tendigits.evaluation import Report, measure, plots, read_report, robustness_plots
from tendigits.evaluation.calibration import measure_calibration
from tendigits.evaluation.corruptions import CORRUPTIONS, corrupt
from tendigits.evaluation.label_errors import LABEL_ERRORS
from tendigits.evaluation.metrics import ConfusedPair, Misclassified

DIGITS = tuple("0123456789")
RANDOM = np.random.default_rng(0)
PREDICTIONS = Predictions(
    RANDOM.normal(0, 2, (300, 10)).astype(np.float32), RANDOM.integers(0, 10, 300)
)


@pytest.fixture(scope="module")
def report() -> Report:
    return read_report(pretrained_reports()["tiny"])


def errors(count: int) -> list[Misclassified]:
    return [Misclassified(index, 3, 5, 0.9, 0.01) for index in range(count)]


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def points(line: Line2D) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in np.asarray(line.get_xydata())]


def shown(figure: Figure) -> list[tuple[str, NDArray[np.uint8]]]:
    """Return title and image (28, 28), 255 for full ink, of each plot that shows an image."""
    return [
        (
            axes.get_title() + axes.get_title(loc="left"),
            255 - np.asarray(axes.images[0].get_array()),
        )
        for axes in figure.axes
        if axes.images
    ]


def test_confusion_plot_has_each_count_in_its_cell() -> None:
    metrics = measure(PREDICTIONS)
    (axes,) = plots.plot_confusion(metrics, DIGITS).axes
    cells = {tuple(map(int, text.get_position())): text.get_text() for text in axes.texts}
    assert len(cells) == 100
    for (label, predicted), count in np.ndenumerate(np.array(metrics.confusion)):
        assert cells[predicted, label] == (str(count) if count else "·")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")
    assert axes.get_title().startswith(f"300 test images, {sum(metrics.errors_per_class)} errors")


def test_digits_on_dark_cells_of_the_confusion_plot_are_white() -> None:
    confusion = [[0] * 10 for _ in range(10)]
    confusion[3][5], confusion[4][9] = 9, 1
    metrics = replace(measure(PREDICTIONS), confusion=tuple(map(tuple, confusion)))
    (axes,) = plots.plot_confusion(metrics, DIGITS).axes
    colours = {text.get_text(): text.get_color() for text in axes.texts}
    assert (colours["9"], colours["1"]) == ("white", "black")


def test_confusion_plot_colours_errors_only() -> None:
    (axes,) = plots.plot_confusion(measure(PREDICTIONS), DIGITS).axes
    coloured = np.asarray(axes.images[0].get_array())
    assert np.diag(coloured).tolist() == [0] * 10
    assert coloured.sum() == (~PREDICTIONS.correct).sum()


@pytest.mark.parametrize("names", [entry.class_names for entry in CATALOGUE.values()])
def test_confusion_plot_names_the_classes(names: tuple[str, ...]) -> None:
    (axes,) = plots.plot_confusion(measure(PREDICTIONS), names).axes
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert tuple(label.get_text() for label in labels) == names


@pytest.mark.parametrize("count", [0, 1, 24, 40])
def test_worst_errors_plot_shows_the_first_24(mnist: Dataset, count: int) -> None:
    (axes,) = plots.plot_worst_errors(mnist.test.images, errors(count), DIGITS).axes
    assert len(axes.images) == len(axes.texts) == min(24, count)
    for index, (image, title) in enumerate(zip(axes.images, axes.texts, strict=True)):
        assert title.get_text() == f"3 → 5  90 %\nimage {index}"
        assert np.array_equal(255 - np.asarray(image.get_array()), mnist.test.images[index])


def test_confused_pairs_plot_shows_errors_of_each_pair(mnist: Dataset) -> None:
    pairs = (ConfusedPair((3, 5), (9, 0)), ConfusedPair((1, 7), (1, 0)))
    found = [*errors(9), Misclassified(100, 7, 1, 0.5, 0.4)]
    drawn = shown(plots.plot_confused_pairs(mnist.test.images, pairs, found, DIGITS))
    assert [title for title, _ in drawn] == ["3 → 5"] * 6 + ["7 → 1"]
    assert np.array_equal(drawn[-1][1], mnist.test.images[100])


def test_confused_pairs_plot_of_a_perfect_classifier_is_empty(mnist: Dataset) -> None:
    assert shown(plots.plot_confused_pairs(mnist.test.images, (), [], DIGITS)) == []


def test_label_errors_plot_shows_predictions_and_marks_those_of_the_label(mnist: Dataset) -> None:
    predicted = [error.given for error in LABEL_ERRORS]
    predicted[0] = LABEL_ERRORS[0].proposed
    figure = plots.plot_label_errors(mnist.test.images, predicted)
    assert [texts(axes) for axes in figure.axes] == [[f"predicted: {each}"] for each in predicted]
    colours = [axes.texts[0].get_color() for axes in figure.axes]
    assert colours == [plots.BLUE] + [plots.RED] * 14
    for (title, image), error in zip(shown(figure), LABEL_ERRORS, strict=True):
        assert title.startswith(f"image {error.index}\nlabel {error.given}\nseen: ")
        assert np.array_equal(image, mnist.test.images[error.index])


@pytest.mark.parametrize("has_temperature", [True, False])
def test_reliability_plot_has_a_line_before_and_after_the_temperature(
    *, has_temperature: bool
) -> None:
    calibration = measure_calibration(
        PREDICTIONS.at_temperature(3.0), has_temperature=has_temperature
    )
    upper, lower = plots.plot_reliability(calibration).axes
    diagonal, *lines = upper.lines
    assert points(diagonal) == [(0, 0), (100, 100)]
    measured = [each for each in (calibration.before, calibration.after) if each]
    assert len(lines) == len(measured) == 1 + has_temperature
    for line, metrics in zip(lines, measured, strict=True):
        assert points(line) == [
            (100 * each.confidence, 100 * each.accuracy) for each in metrics.bins
        ]
        assert f"{metrics.calibration_error:.4f}" in str(line.get_label())
    (legend,) = lower.figure.legends  # outside of the axes, where it covers no point
    assert len(legend.get_texts()) == len(lines)
    (bars,) = lower.containers
    assert isinstance(bars, BarContainer)
    assert sum(bar.get_height() for bar in bars) == 300


def test_selective_plot_has_errors_against_coverage(report: Report) -> None:
    (axes,) = plots.plot_selective(report.calibration.selective).axes
    first, *_, last = points(axes.lines[0])
    errors = sum(report.accuracy.metrics.errors_per_class)
    assert (first[0], last[0]) == (100, 50)
    assert first[1] == pytest.approx(errors)
    assert last[1] < 0.2 * errors


def test_corruption_samples_are_the_corrupted_test_image(mnist: Dataset) -> None:
    figure = robustness_plots.plot_corruption_samples(mnist.test.images)
    drawn = shown(figure)
    assert len(drawn) == 75
    assert [title for title, _ in drawn[:6]] == ["1", "2", "3", "4", "5", ""]
    assert [text for axes in figure.axes for text in texts(axes)] == list(CORRUPTIONS)
    expected = corrupt(mnist.test.images[12:13], "impulse noise", 2)[0]
    assert np.array_equal(drawn[6][1], expected)


def test_robustness_plot_has_one_line_per_classifier_and_corruption(report: Report) -> None:
    figure = robustness_plots.plot_robustness(report.corruptions)
    assert [axes.get_title() for axes in figure.axes] == list(CORRUPTIONS)
    for axes, corruption in zip(figure.axes, CORRUPTIONS, strict=True):
        for line, each in zip(axes.lines, report.corruptions.classifiers, strict=True):
            expected = [100 * error for error in each.errors[corruption]]
            assert points(line) == list(zip(range(1, 6), expected, strict=True))
    (legend,) = figure.legends
    names = [text.get_text().partition(":")[0] for text in legend.get_texts()]
    assert names == [each.name for each in report.corruptions.classifiers]


def test_ood_samples_are_the_first_images_of_each_set(mnist: Dataset) -> None:
    sets = {"a": mnist.test.images[:9], "b": mnist.test.images[20:23]}
    drawn = shown(plots.plot_ood_samples(sets))
    assert [title for title, _ in drawn] == ["a", *[""] * 7, "b", "", ""]
    expected = [*mnist.test.images[:8], *mnist.test.images[20:23]]
    assert all(
        np.array_equal(image, each) for (_, image), each in zip(drawn, expected, strict=True)
    )


def test_confidence_plot_has_a_histogram_in_percent_per_set() -> None:
    sets = {"a": PREDICTIONS.subset(np.arange(50)), "b": PREDICTIONS.subset(np.arange(50, 300))}
    figure = plots.plot_confidence(PREDICTIONS, sets)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["digits of the test set", "a", "b"]
    for axes, each in zip(figure.axes, (PREDICTIONS, *sets.values()), strict=True):
        heights = np.array([bar.get_height() for bar in axes.patches])  # type: ignore[attr-defined]
        assert heights.sum() == pytest.approx(100)
        assert heights[-1] == pytest.approx(100 * (each.confidence >= 0.95).mean())


def test_adversarial_plot_has_one_line_per_attack_from_the_clean_accuracy(report: Report) -> None:
    assert report.adversarial is not None
    (axes,) = plots.plot_adversarial(report.adversarial).axes
    accuracies = {
        name: [100 * each.accuracy for each in report.adversarial.attacks if each.name == name]
        for name in ("FGSM", "PGD")
    }
    assert texts(axes) == list(accuracies)
    for line, left in zip(axes.lines, accuracies.values(), strict=True):
        values = [100 * report.adversarial.clean_accuracy, *left]
        assert points(line) == list(zip([0, 0.1, 0.3], values, strict=True))


def test_cost_plot_has_one_point_per_classifier_and_the_first_in_red(report: Report) -> None:
    (axes,) = plots.plot_cost(report.costs).axes
    marks = [np.asarray(each.get_offsets())[0] for each in axes.collections]
    for mark, cost in zip(marks, report.costs.classifiers, strict=True):
        assert mark == pytest.approx([1e6 / cost.images_per_second, 100 * (1 - cost.accuracy)])
    colours = [to_hex(np.asarray(each.get_facecolor())[0]) for each in axes.collections]
    assert colours == [plots.RED, *[plots.GREY] * (len(marks) - 1)]
    names = [text.partition(",")[0] for text in texts(axes)]
    assert names == [cost.name for cost in report.costs.classifiers]


def test_figure_is_saved_as_png_and_always_with_the_same_bytes(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    for name in ("one.png", "other.png"):
        plots.save(plots.plot_confusion(measure(PREDICTIONS), DIGITS), tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "other.png").read_bytes()
    assert dict(mpl.rcParams) == before
    with Image.open(tmp_path / "one.png") as picture:
        assert (picture.format, picture.size) == ("PNG", (832, 832))


def test_figure_that_cannot_be_saved_leaves_no_file(tmp_path: Path) -> None:
    with plots.new_figure(2, 2) as figure:
        figure.text(0, 0, "$unbalanced")
        figure.text(0, 0, r"$\unknown$")
    with pytest.raises(ValueError, match="unknown"):
        plots.save(figure, tmp_path / "one.png")
    assert list(tmp_path.iterdir()) == []
