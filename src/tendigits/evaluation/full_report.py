"""The full evaluation: every figure of one classifier, measured in order, and its folder."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tendigits.classifiers import Classifier, Predictions
from tendigits.data import IMAGE_SIZE, Dataset, LabelledImages
from tendigits.data.synthetic import OOD_KINDS, frame_ink
from tendigits.errors import ReportError
from tendigits.evaluation import plots, robustness_plots
from tendigits.evaluation.adversarial import measure_adversarial
from tendigits.evaluation.calibration import measure_calibration
from tendigits.evaluation.cost import Costs, measure_cost
from tendigits.evaluation.label_errors import correct_labels
from tendigits.evaluation.metrics import class_metrics, confused_pairs, find_errors, measure
from tendigits.evaluation.ood import measure_ood
from tendigits.evaluation.render import model_card, page
from tendigits.evaluation.report import FILE, FORMAT, Accuracy, Report
from tendigits.evaluation.robustness import Progress, measure_robustness
from tendigits.files import write_json, write_text

OODImages = Mapping[str, NDArray[np.uint8]]
IMAGES_PER_OOD_SET = 1000
NOISE = "uniform noise"
PLOTS = "plots"
_OOD_SEED = 0x6D1617  # no training draws its OOD images with it
# The names of the sets, and the kinds of synthetic OOD images that they are drawn from.
_OOD_SETS = {
    "letters and symbols": "glyph",
    "random strokes": "scribble",
    "textures": "texture",
    "rotated digits": "rotated digit",
    "cut digits": "cut digit",
}
_LIBRARIES = ("tendigits", "numpy", "scipy", "torch", "onnxruntime", "matplotlib")


@dataclass(frozen=True, eq=False)
class FullReport:
    """A report with what its plots are drawn from.

    Attributes:
        report: every figure.
        digits: the predictions for the test images.
        ood_images: each set of OOD images (n, 28, 28) uint8, by name.
        ood: the predictions for each.
    """

    report: Report
    digits: Predictions
    ood_images: OODImages
    ood: Mapping[str, Predictions]


def write_full_report(
    classifier: Classifier,
    references: Sequence[Classifier],
    dataset: Dataset,
    ood: OODImages,
    out: Path,
    *,
    machine: str,
    progress: Progress,
) -> Report:
    """Measure a classifier in every way, and write its report: the whole folder or nothing.

    Args:
        classifier: the classifier to evaluate.
        references: the classifiers to compare it with; itself among them is left out.
        dataset: MNIST.
        ood: further sets of OOD images (n, 28, 28) uint8, by name.
        out: the folder to make, with report.html, report.json, MODEL_CARD.md and plots/.
        machine: the machine, in words.
        progress: called with a title, the steps done, and their total.

    Raises:
        ReportError: `out` exists already, or cannot be made.
    """
    with _new_folder(out.absolute()) as folder:
        full = full_report(classifier, references, dataset, ood, machine=machine, progress=progress)
        (folder / PLOTS).mkdir()
        save_plots(full, dataset.test.images, folder / PLOTS)
        write_json(folder / FILE, asdict(full.report))
        write_text(folder / "report.html", page(full.report, folder / PLOTS))
        write_text(folder / "MODEL_CARD.md", model_card(full.report))
    return full.report


def full_report(
    classifier: Classifier,
    references: Sequence[Classifier],
    dataset: Dataset,
    ood: OODImages,
    *,
    machine: str,
    progress: Progress,
) -> FullReport:
    """Measure a classifier in every way; for the arguments see `write_full_report`."""
    test = dataset.test
    progress("Test images", 0, 1)
    predictions = classifier.predict(test.images, test.labels)
    progress("Test images", 1, 1)
    classifiers = [classifier, *other_classifiers(classifier, references)]
    robustness = measure_robustness(classifiers, test, progress)
    drawn = draw_ood_sets(test, progress)
    if shared := drawn.keys() & ood.keys():
        raise ReportError(
            f"{shared.pop()} is the name of a set of the package; rename the data set."
        )
    drawn_predictions, ood_predictions = (
        {name: classifier.predict(images) for name, images in sets.items()} for sets in (drawn, ood)
    )
    network = classifier.torch_network()
    report = Report(
        format=FORMAT,
        name=classifier.name,
        test_sha256={name: sha for name, sha in dataset.checksums.items() if "t10k" in name},
        accuracy=_measure_accuracy(predictions, classifier.class_names),
        calibration=measure_calibration(
            predictions, has_temperature=classifier.temperature is not None
        ),
        corruptions=robustness,
        ood=measure_ood(predictions, drawn_predictions, ood_predictions, classifier.threshold),
        adversarial=measure_adversarial(network, test, progress) if network else None,
        costs=_measure_costs(classifiers, dataset, machine, progress),
        origin=classifier.origin,
        measured_with={library: version(library) for library in _LIBRARIES},
    )
    return FullReport(
        report, predictions, {**drawn, **ood}, {**drawn_predictions, **ood_predictions}
    )


def save_plots(full: FullReport, images: NDArray[np.uint8], folder: Path) -> None:
    """Write a report's plots into `folder`; `images` (10000, 28, 28) are MNIST's test images."""
    report, accuracy = full.report, full.report.accuracy
    names = [each.name for each in accuracy.classes]
    figures = {
        "confusion": plots.plot_confusion(accuracy.metrics, names),
        "confused-pairs": plots.plot_confused_pairs(
            images, accuracy.confused_pairs, accuracy.errors, names
        ),
        "worst-errors": plots.plot_worst_errors(images, accuracy.errors, names),
        "label-errors": plots.plot_label_errors(images, accuracy.corrected.predicted),
        "reliability": plots.plot_reliability(report.calibration),
        "selective": plots.plot_selective(report.calibration.selective),
        "corruption-samples": robustness_plots.plot_corruption_samples(images),
        "corruptions": robustness_plots.plot_robustness(report.corruptions),
        "ood-samples": plots.plot_ood_samples(full.ood_images),
        "confidence": plots.plot_confidence(full.digits, full.ood),
        "cost": plots.plot_cost(report.costs),
    }
    if report.adversarial is not None:
        figures["adversarial"] = plots.plot_adversarial(report.adversarial)
    for name, figure in figures.items():
        plots.save(figure, folder / f"{name}.png")


def draw_ood_sets(digits: LabelledImages, progress: Progress) -> dict[str, NDArray[np.uint8]]:
    """Draw the sets of 1,000 OOD images (n, 28, 28) uint8 that every report measures, by name.

    Args:
        digits: the digits that are rotated and cut.
        progress: called with a title, the steps done, and their total.
    """
    random, sets = np.random.default_rng(_OOD_SEED), {}
    for done, (name, kind) in enumerate(_OOD_SETS.items()):
        progress(f"OOD images: {name}", done, len(_OOD_SETS))
        draw, _ = OOD_KINDS[kind]
        sets[name] = np.array([frame_ink(draw(random, digits)) for _ in range(IMAGES_PER_OOD_SET)])
    sets[NOISE] = random.integers(0, 256, (IMAGES_PER_OOD_SET, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    progress("OOD images", len(_OOD_SETS), len(_OOD_SETS))
    return sets


def other_classifiers(classifier: Classifier, references: Sequence[Classifier]) -> list[Classifier]:
    """Return the references that are not the classifier, named differently from it."""
    return [
        replace(each, name=f"{each.name} (reference)") if each.name == classifier.name else each
        for each in references
        if each.origin.sha256 != classifier.origin.sha256
    ]


def _measure_accuracy(predictions: Predictions, class_names: Sequence[str]) -> Accuracy:
    metrics = measure(predictions)
    return Accuracy(
        metrics=metrics,
        classes=class_metrics(metrics.confusion, class_names),
        confused_pairs=confused_pairs(metrics.confusion),
        errors=find_errors(predictions),
        corrected=correct_labels(predictions),
    )


def _measure_costs(
    classifiers: Sequence[Classifier], dataset: Dataset, machine: str, progress: Progress
) -> Costs:
    costs = []
    for done, each in enumerate(classifiers):
        progress(f"Cost: {each.name}", done, len(classifiers))
        predictions = each.predict(dataset.test.images, dataset.test.labels)
        costs.append(measure_cost(each, float(predictions.correct.mean())))
    progress("Cost", len(classifiers), len(classifiers))
    return Costs(machine, datetime.now(UTC).isoformat(timespec="seconds"), tuple(costs))


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """Yield a folder to fill; it takes the name `out` only when all went well."""
    if out.exists():
        raise ReportError(f"{out} exists already; choose another --out.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as made:
            folder = Path(made) / out.name
            folder.mkdir()
            yield folder
            folder.rename(out)
    except OSError as error:
        raise ReportError(
            f"{out} cannot be made: {error.strerror}; choose another --out."
        ) from error
