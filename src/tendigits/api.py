"""The Python API: train, resume, fine-tune, predict, evaluate, report, compare."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from tendigits.classifiers import Classifier, Predictions
from tendigits.classifiers.classifier import as_levels, reject_other_classes
from tendigits.data import Dataset, LabelledImages, load_dataset
from tendigits.data.load import DataSource
from tendigits.errors import (
    ReportError,
    RunError,
    TrainingInterrupted,
    reports_missing_extra,
)
from tendigits.evaluation import compare as comparison
from tendigits.evaluation.metrics import Metrics, measure
from tendigits.evaluation.own_data import (
    images_to_measure,
    load_ood_images,
    load_own_dataset,
)
from tendigits.evaluation.report import Report, is_report, read_report
from tendigits.loading import load_classifier
from tendigits.progress import Reporter, reporting
from tendigits.recipes import Recipe, load_recipe

# The baseline and the most accurate of the pretrained models; a test checks that it is.
REPORT_REFERENCES = ("mlp", "tiny")

if TYPE_CHECKING:
    from tendigits.evaluation.picture_metrics import PictureMetrics
    from tendigits.export import Exported
    from tendigits.training import Device, Run


@reports_missing_extra
def train(
    recipe: str | Path | Recipe = "mlp",
    settings: Mapping[str, object] | None = None,
    *,
    data: DataSource = "mnist",
    out: str | Path | None = None,
    threads: int | None = None,
    device: "Device" = "auto",
    quiet: bool = False,
) -> "Run":
    """Train a recipe, test the network once, and keep everything in a run folder.

    Args:
        recipe: a shipped recipe's name, the path of a TOML file, or a recipe from `load_recipe`.
        settings: dotted names of settings and their values, such as `{"epochs": 3}`.
        data: what `load_dataset` takes. Data that is in memory alone is kept in the run folder.
        out: the folder to make; `runs/<recipe>-<time>` when None.
        threads: how many threads to compute with; one per core when None.
        device: `cpu`, `cuda`, or `auto`: CUDA where it is available.
        quiet: print nothing.

    Returns:
        The run: its `metrics` on the test set, the `history` of its epochs, and its `folder`.

    Raises:
        RecipeError, DataError, RunError: an argument is invalid; the message says which and why.
        TrainingInterrupted: Ctrl-C was pressed; `resume` continues the run.
    """
    from tendigits.training import create_run, describe_environment, run_lock, with_pinned_teacher
    from tendigits.training.preconditions import reject_untrainable

    if not isinstance(recipe, Recipe):
        recipe = load_recipe(recipe, settings)
    elif settings:
        recipe = recipe.changed(settings)
    name = data if isinstance(data, str) else getattr(data, "name", None)
    if recipe.pages is not None and name != "mnist":
        raise RunError(
            f"{recipe.name} trains a finder on pages made of MNIST's digits; leave out --data."
        )
    environment = describe_environment(threads, device, recipe.precision)
    reject_untrainable(recipe, environment)
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
    corrections: LabelledImages | DataSource,
    settings: Mapping[str, object] | None = None,
    *,
    data: DataSource | None = None,
    out: str | Path | None = None,
    threads: int | None = None,
    device: "Device" = "auto",
    quiet: bool = False,
) -> "Exported":
    """Fine-tune a model on corrections or own images and on its data set, and export the result.

    One image in five is held out; the test part of a data set that has one is not used at all. The
    accuracy on the validation images and on the held-out images is printed before and after, then
    the new model file is written to the run folder.

    Args:
        model: a model file with its weights beside it, or the name of a pretrained model.
        corrections: misread frames with their correct labels, such as those of
            `load_corrections`, or a data set: what `load_dataset` takes.
        settings: dotted names of settings and their values, which replace the defaults of
            fine-tuning.
        data: the data set that the model was trained on; found by its name when None.
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
        images_to_train_on,
        read_start,
        run_lock,
    )
    from tendigits.training.preconditions import reject_untrainable

    with reporting(quiet=quiet) as reporter:
        if not isinstance(corrections, LabelledImages):
            corrections = images_to_train_on(_load(corrections, reporter))
        start = read_start(model, corrections)
        dataset = _load(start.data_name if data is None else data, reporter)
        recipe = fine_tuning_recipe(start, settings or {}, dataset)
        environment = describe_environment(threads, device, recipe.precision)
        reject_untrainable(recipe, environment)
        run = create_run(recipe, dataset, environment, Path(out) if out else None, start.files)
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
        RunError: there is no such run, it is damaged, complete or in use by another process, its
            data set has changed, or its device is not available.
    """
    from tendigits.training import load_run, load_run_data, run_lock
    from tendigits.training.preconditions import reject_untrainable

    run = load_run(run) if isinstance(run, str | Path) else run
    with run_lock(run.folder), reporting(quiet=quiet) as reporter:
        if run.is_complete:
            raise RunError(f"The run {run.folder} is complete; see {run.model_card}.")
        dataset = load_run_data(run, reporter.step)
        if not run.weights.exists():  # the test alone needs no GPU
            reject_untrainable(run.recipe, run.environment)
        if not run.is_tested:
            _train_run(run, dataset, reporter)
        if run.recipe.fine_tuning is not None:
            _export_fine_tuned(run, dataset, reporter)
    return run


@reports_missing_extra
def predict(model: "str | Path | Run | Classifier", images: ArrayLike) -> Predictions:
    """Predict the classes of images.

    Args:
        model: a run or its folder, a model file, the name of a pretrained model, any other ONNX
            file that takes 28x28 images and gives ten scores, or a classifier.
        images: (n, 28, 28) or (28, 28) uint8 as in MNIST: 0 for paper, 255 for full ink; an array
            or lists.

    Raises:
        DataError: the images are of another shape or type.
        ModelError, RunError: the model cannot be loaded.
    """
    return load_classifier(model).predict(as_levels(images))


@reports_missing_extra
def evaluate(model: "str | Path | Run | Classifier", data: DataSource | None = None) -> Metrics:
    """Measure a model on images with labels; write nothing.

    Args:
        model: what `predict` takes.
        data: what `load_dataset` takes. The model is measured on its test part; if it has none, on
            all of its images, unless the model may have been trained on some of them: then on
            those that are held out. When None, it is the data set that the model was trained on,
            or MNIST for an ONNX file from elsewhere.

    Raises:
        ModelError, RunError: the model cannot be loaded.
        DataError: the data set is not available, has changed, or has other classes.
    """
    classifier = load_classifier(model)
    if data is None:
        images = load_own_dataset(classifier).test
    else:
        images = images_to_measure(classifier, load_dataset(data))
    return measure(classifier.predict(images.images, images.labels))


@reports_missing_extra
def evaluate_pictures(
    model: "str | Path | Run | Classifier", data: DataSource, *, quiet: bool = True
) -> "PictureMetrics":
    """Measure the whole way from a picture to its text, as `read` goes it; write nothing.

    Args:
        model: what `predict` takes.
        data: a folder with `pictures.csv`, whose columns are `file` and `label` (the text in the
            picture, such as 3.14); a folder with one folder of pictures per class; or what else
            `load_dataset` takes, whose images are read as pictures.
        quiet: print nothing.

    Raises:
        ModelError, RunError: the model cannot be loaded, or its classes are not the ten digits.
        DataError: the data is not available, or damaged.
    """
    from tendigits.evaluation.picture_metrics import find_pictures, measure_pictures

    classifier = reject_other_classes(load_classifier(model))
    with reporting(quiet=quiet) as reporter:
        pictures, notes = find_pictures(classifier, data, reporter.step)
        for note in notes:
            reporter.say(note)
        return measure_pictures(classifier, pictures, reporter.step)


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
    classifier, environment = reject_other_classes(load_classifier(model)), describe_environment()
    with reporting(quiet=quiet) as reporter:
        return write_full_report(
            classifier,
            [load_classifier(name) for name in REPORT_REFERENCES],
            load_dataset("mnist"),
            load_ood_images(ood, reporter.step),
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
    classifier, test = reject_other_classes(load_classifier(model)), load_dataset("mnist").test
    predictions = classifier.predict(test.images, test.labels)
    return comparison.compared_model_of_predictions(classifier, predictions)


def _train_run(run: "Run", dataset: Dataset, reporter: Reporter) -> None:
    """Train a run in this process, or in all those that torchrun has started."""
    from tendigits.training import started_processes, train_run

    if started_processes() > 1:
        from tendigits.scale.torchrun import train_in_processes

        train_in_processes(run, dataset, reporter)
    else:
        train_run(run, dataset, reporter)


def _load(data: DataSource, reporter: Reporter) -> Dataset:
    dataset = load_dataset(data, reporter.step)
    for note in dataset.all_notes:
        reporter.say(note)
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
