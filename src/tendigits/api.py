"""The Python API: train, resume, fine-tune, predict, evaluate, report, compare."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tendigits.classifiers import Classifier, Predictions
from tendigits.data import CATALOGUE, Dataset, LabelledImages, load_dataset
from tendigits.data.catalogue import DIGITS
from tendigits.errors import (
    DataError,
    ModelError,
    ReportError,
    RunError,
    TrainingInterrupted,
    reports_missing_extra,
)
from tendigits.evaluation import compare as comparison
from tendigits.evaluation.metrics import Metrics, measure
from tendigits.evaluation.report import Report, is_report, read_report
from tendigits.loading import load_classifier
from tendigits.progress import Reporter, reporting
from tendigits.recipes import Recipe, load_recipe

# The baseline and the most accurate of the pretrained models; a test checks that it is.
REPORT_REFERENCES = ("mlp", "tiny")

if TYPE_CHECKING:
    from tendigits.export import Exported
    from tendigits.training import Device, Run


@reports_missing_extra
def train(
    recipe: str | Path | Recipe = "mlp",
    settings: Mapping[str, object] | None = None,
    *,
    data: str | Path | Dataset = "mnist",
    out: str | Path | None = None,
    threads: int | None = None,
    device: "Device" = "auto",
    quiet: bool = False,
) -> "Run":
    """Train a recipe, test the network once, and keep everything in a run folder.

    Args:
        recipe: a shipped recipe's name, the path of a TOML file, or a recipe from `load_recipe`.
        settings: dotted names of settings and their values, such as `{"epochs": 3}`.
        data: what `load_dataset` takes, or a data set that it returned.
        out: the folder to make; `runs/<recipe>-<time>` when None.
        threads: how many threads to compute with; one per core when None.
        device: `cpu`, `cuda`, or `auto`: CUDA where it is available.
        quiet: print nothing.

    Returns:
        The run. Its `metrics`, `history`, `weights` and `plots` are paths in its folder.

    Raises:
        RecipeError, DataError, RunError: an argument is invalid; the message says which and why.
        TrainingInterrupted: Ctrl-C was pressed; `resume` continues the run.
    """
    from tendigits.training import (
        create_run,
        describe_environment,
        run_lock,
        with_pinned_teacher,
    )

    if not isinstance(recipe, Recipe):
        recipe = load_recipe(recipe, settings)
    elif settings:
        recipe = recipe.changed(settings)
    if recipe.pages is not None and "mnist" not in (data, getattr(data, "name", None)):
        raise RunError(
            f"{recipe.name} trains a finder on pages made of MNIST's digits; leave out --data."
        )
    environment = describe_environment(threads, device, recipe.precision)
    if recipe.pages is not None and environment.processes > 1:
        raise RunError("A finder is trained in one process; leave out torchrun.")
    if recipe.pages is not None and threads is None:
        environment = environment.beside_page_workers
    with reporting(quiet=quiet) as reporter:
        dataset = _load(data, reporter)
        recipe = with_pinned_teacher(recipe, dataset.train.labels)
        run = create_run(recipe, dataset, environment, Path(out) if out else None)
        with run_lock(run.folder):
            _train_run(run, dataset, reporter)
    return run


@reports_missing_extra
def fine_tune(
    model: str | Path,
    corrections: LabelledImages,
    settings: Mapping[str, object] | None = None,
    *,
    data: str | Path | Dataset = "mnist",
    out: str | Path | None = None,
    threads: int | None = None,
    device: "Device" = "auto",
    quiet: bool = False,
) -> "Exported":
    """Fine-tune a model on corrections and on its own data set, and export the result.

    One correction in five is held out. The accuracy on the validation images and on the held-out
    corrections is printed before and after, then the new model file is written to the run folder.

    Args:
        model: a model file with its weights beside it, or the name of a pretrained model.
        corrections: misread frames with their correct labels, such as those of
            `load_corrections`.
        settings: dotted names of settings and their values, which replace the defaults of
            fine-tuning.
        data: the data set that the model was trained on.
        out: the run folder to make; `runs/<recipe>-<time>` when None.
        threads: how many threads to compute with; one per core when None.
        device: `cpu`, `cuda`, or `auto`: CUDA where it is available.
        quiet: print nothing.

    Returns:
        The exported model: its `path`, its metadata (`info`), and how it compares with the network.

    Raises:
        ModelError, RecipeError, DataError, RunError: an argument is invalid.
        TrainingInterrupted: Ctrl-C was pressed; `resume` continues the run.
    """
    from tendigits.training import (
        create_run,
        describe_environment,
        fine_tuning_recipe,
        read_start,
        run_lock,
    )

    start = read_start(model, corrections)
    with reporting(quiet=quiet) as reporter:
        dataset = _load(data, reporter)
        recipe = fine_tuning_recipe(start, settings or {}, dataset)
        environment = describe_environment(threads, device, recipe.precision)
        folder = Path(out) if out else None
        run = create_run(recipe, dataset, environment, folder, start=start.files)
        with run_lock(run.folder):
            _train_run(run, dataset, reporter)
            return _export_fine_tuned(run, dataset, reporter)


@reports_missing_extra
def resume(run: "Run | str | Path", *, quiet: bool = False) -> "Run":
    """Continue a run that was stopped or killed; it ends as if it had never been interrupted.

    Args:
        run: a run or the path of its folder.
        quiet: print nothing.

    Raises:
        RunError: there is no such run, it is damaged, complete or in use by another process, or
            its data set has changed.
    """
    from tendigits.training import load_run, load_run_data, run_lock

    run = load_run(run) if isinstance(run, str | Path) else run
    with run_lock(run.folder), reporting(quiet=quiet) as reporter:
        if run.is_complete:
            raise RunError(f"The run {run.folder} is complete; see {run.model_card}.")
        dataset = load_run_data(run, reporter.step)
        if not run.is_tested:
            _train_run(run, dataset, reporter)
        if run.recipe.fine_tuning is not None:
            _export_fine_tuned(run, dataset, reporter)
    return run


@reports_missing_extra
def predict(model: "str | Path | Run | Classifier", images: NDArray[np.uint8]) -> Predictions:
    """Predict the classes of images.

    Args:
        model: a run or its folder, a model file, the name of a pretrained model, any other ONNX
            file that takes 28x28 images and gives ten scores, or a classifier.
        images: (n, 28, 28) or (28, 28) uint8 as in MNIST: 0 for paper, 255 for full ink.

    Raises:
        DataError: the images are of another shape or type.
        ModelError, RunError: the model cannot be loaded.
    """
    return load_classifier(model).predict(images)


@reports_missing_extra
def evaluate(model: "str | Path | Run | Classifier") -> Metrics:
    """Measure a model on the test set of the data set that it was trained on; write nothing.

    Args:
        model: what `predict` takes. An ONNX file from elsewhere is tested on MNIST.

    Raises:
        ModelError, RunError: the model cannot be loaded.
        DataError: its data set is not available, or has changed.
    """
    classifier = load_classifier(model)
    test = _own_dataset(classifier).test
    return measure(classifier.predict(test.images, test.labels))


@reports_missing_extra
def write_report(
    model: "str | Path | Run | Classifier",
    out: str | Path,
    *,
    ood: Iterable[str | Path] = (),
    quiet: bool = False,
) -> Report:
    """Measure a classifier of digits in every way, and write a report; this takes minutes.

    Args:
        model: what `predict` takes.
        out: the folder to make: `report.html`, `report.json`, `MODEL_CARD.md` and `plots/`.
        ood: data sets, as `load_dataset` takes them, whose test images are used as further
            out-of-distribution images.
        quiet: print nothing.

    Raises:
        ReportError: `out` exists already or cannot be written.
        ModelError, RunError: the model cannot be loaded, or its classes are not the ten digits.
        DataError: a data set is not available.
    """
    from tendigits.evaluation.full_report import write_full_report
    from tendigits.training import describe_environment

    out = Path(out)
    if out.exists():
        raise ReportError(f"{out} exists already; choose another --out.")
    classifier, environment = _classifier_of_digits(model), describe_environment()
    with reporting(quiet=quiet) as reporter:
        return write_full_report(
            classifier,
            [load_classifier(name) for name in REPORT_REFERENCES],
            load_dataset("mnist"),
            _ood_images(ood, reporter),
            out,
            machine=f"{environment.cpu}, {environment.cores} cores, {environment.system}",
            progress=reporter.step,
        )


@reports_missing_extra
def compare(
    models: "Sequence[str | Path | Run | Classifier]",
) -> comparison.Comparison:
    """Compare models on MNIST's test images, and test their differences for significance.

    Args:
        models: two or more of what `predict` takes, or reports (a folder or a report.json), which
            are read and not measured again.

    Raises:
        ReportError: a report cannot be read, or there are fewer than two models.
        ModelError, RunError: a model cannot be loaded.
    """
    return comparison.compare([_compared_model(model) for model in models])


def _compared_model(model: "str | Path | Run | Classifier") -> comparison.ComparedModel:
    if isinstance(model, str | Path) and is_report(model):
        return comparison.compared_model_of_report(read_report(model))
    classifier, test = _classifier_of_digits(model), load_dataset("mnist").test
    predictions = classifier.predict(test.images, test.labels)
    return comparison.compared_model_of_predictions(classifier, predictions)


def _classifier_of_digits(model: "str | Path | Run | Classifier") -> Classifier:
    classifier = load_classifier(model)
    if classifier.class_names != DIGITS:
        raise ModelError(
            f"{classifier.name} has the classes {', '.join(classifier.class_names)}; reports and "
            "comparisons need a classifier of the ten digits. Use `tendigits evaluate`."
        )
    return classifier


def _ood_images(sources: Iterable[str | Path], reporter: Reporter) -> dict[str, NDArray[np.uint8]]:
    """Return the test images of data sets by name."""
    images: dict[str, NDArray[np.uint8]] = {}
    for source in sources:
        dataset = load_dataset(source, reporter.step)
        if dataset.name in images:
            raise ReportError(f"Two OOD sets are called {dataset.name}; rename one of them.")
        images[dataset.name] = dataset.test.images
    return images


def _train_run(run: "Run", dataset: Dataset, reporter: Reporter) -> None:
    """Train a run in this process, or in all those that torchrun has started."""
    from tendigits.training import started_processes, train_run

    if started_processes() > 1:
        from tendigits.scale.torchrun import train_in_processes

        train_in_processes(run, dataset, reporter)
    else:
        train_run(run, dataset, reporter)


def _load(data: str | Path | Dataset, reporter: Reporter) -> Dataset:
    return data if isinstance(data, Dataset) else load_dataset(data, reporter.step)


def _own_dataset(classifier: Classifier) -> Dataset:
    """Load the data set that a classifier was trained on; MNIST where it is not known."""
    origin = classifier.origin
    if origin.kind == "model file" and origin.data not in CATALOGUE:
        raise ModelError(
            f"{classifier.name} was trained on {origin.data}, which is not the name of a data set "
            f"that can be loaded; known are {', '.join(CATALOGUE)}."
        )
    dataset = load_dataset(classifier.data_source or "mnist")
    if origin.data_sha256 and origin.data_sha256 != dataset.checksums:
        raise DataError(
            f"{classifier.name} was trained on {origin.data}, and {dataset.source} holds other "
            "images now; restore that data set, or train again."
        )
    return dataset


def _export_fine_tuned(run: "Run", dataset: Dataset, reporter: Reporter) -> "Exported":
    from tendigits.export import export_model
    from tendigits.training import describe_fine_tuning

    try:
        reporter.say(describe_fine_tuning(run, dataset.train))
        exported = export_model(run, run.fine_tuned_model)
    except KeyboardInterrupt:
        raise TrainingInterrupted(f"Stopped. Resume with: {run.command_to_resume}") from None
    reporter.say(exported.summary())
    return exported
