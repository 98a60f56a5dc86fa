"""The whole way in one call: data set, network, training, test."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tendigits.classifiers import Classifier, Predictions
from tendigits.data import Dataset, LabelledImages, load_dataset
from tendigits.errors import RunError
from tendigits.evaluation import Metrics, measure
from tendigits.export import Exported, export_model
from tendigits.loading import load_classifier
from tendigits.progress import Reporter, reporting
from tendigits.recipes import Recipe, load_recipe
from tendigits.training import (
    Device,
    Run,
    classifier_of_run,
    create_run,
    describe_environment,
    fine_tuning_recipe,
    load_run,
    load_run_data,
    read_start,
    train_run,
    with_pinned_teacher,
)


def train(
    recipe: str | Path | Recipe = "mlp",
    settings: Mapping[str, object] | None = None,
    *,
    data: str | Path | Dataset = "mnist",
    out: str | Path | None = None,
    threads: int | None = None,
    device: Device = "auto",
    quiet: bool = False,
) -> Run:
    """Train a recipe, test it once, and keep everything in a run folder.

    Args:
        recipe: a shipped recipe's name, the path of a TOML file, or a recipe from `load_recipe`.
        settings: dotted names of settings and their values, such as `{"epochs": 3}`.
        data: what `load_dataset` takes, or a data set that it gave.
        out: the folder to make; `runs/<recipe>-<time>` when None.
        threads: how many threads to compute with; one for each core when None.
        device: `cpu`, `cuda`, or `auto`: CUDA where there is some.
        quiet: print nothing.

    Returns:
        The run. Its `metrics`, `history`, `weights` and `figures` are paths in its folder.

    Raises:
        RecipeError, DataError, RunError: what the user gave will not do; the text says why.
        TrainingInterrupted: Ctrl-C was pressed; `resume` goes on.
    """
    if not isinstance(recipe, Recipe):
        recipe = load_recipe(recipe, settings)
    elif settings:
        recipe = recipe.changed(settings)
    environment = describe_environment(threads, device, recipe.precision)
    with reporting(quiet=quiet) as reporter:
        dataset = data if isinstance(data, Dataset) else load_dataset(data, reporter.step)
        recipe = with_pinned_teacher(recipe, dataset.train.labels)
        run = create_run(recipe, dataset, environment, Path(out) if out else None)
        train_run(run, dataset, reporter)
        return run


def fine_tune(
    model: str | Path,
    corrections: LabelledImages,
    settings: Mapping[str, object] | None = None,
    *,
    data: str | Path | Dataset = "mnist",
    out: str | Path | None = None,
    threads: int | None = None,
    device: Device = "auto",
    quiet: bool = False,
) -> Exported:
    """Train a model further, with corrections beside its data set, and say what that did.

    One correction in five is held out. The model's accuracy on the images and the corrections
    held out, before and after, is told before the new model file is written to the run folder.

    Args:
        model: a model file, or a shipped model's name.
        corrections: what was read wrong.
        settings: dotted names of settings and their values, over those of a fine-tuning.
        data: what the model was trained on.
        out: the run folder to make; `runs/<recipe>-<time>` when None.
        threads: how many threads to compute with; one for each core when None.
        device: `cpu`, `cuda`, or `auto`: CUDA where there is some.
        quiet: print nothing.

    Raises:
        ModelError, RecipeError, DataError, RunError: what the user gave will not do.
        TrainingInterrupted: Ctrl-C was pressed; `resume` goes on.
    """
    with reporting(quiet=quiet) as reporter:
        start = read_start(model, corrections)
        dataset = data if isinstance(data, Dataset) else load_dataset(data, reporter.step)
        recipe = fine_tuning_recipe(start, settings or {}, dataset)
        environment = describe_environment(threads, device, recipe.precision)
        run = create_run(
            recipe, dataset, environment, Path(out) if out else None, start=start.files
        )
        train_run(run, dataset, reporter)
        return _export_fine_tuned(run, reporter)


def resume(run: Run | str | Path, *, quiet: bool = False) -> Run:
    """Go on with a run that was stopped or killed; it ends as if it never had been.

    Args:
        run: a run or the path of its folder.
        quiet: print nothing.

    Raises:
        RunError: there is no such run, it is damaged or done already, or its data has changed.
    """
    run = run if isinstance(run, Run) else load_run(run)
    if run.is_complete:
        raise RunError(f"The run {run.folder} is complete; see {run.model_card}.")
    with reporting(quiet=quiet) as reporter:
        train_run(run, load_run_data(run, reporter.step), reporter)
        if run.recipe.fine_tuning is not None:
            _export_fine_tuned(run, reporter)
    return run


def predict(model: str | Path | Run | Classifier, images: NDArray[np.uint8]) -> Predictions:
    """Predict the classes of images (n, 28, 28) or (28, 28) uint8."""
    return load_classifier(model).predict(images)


def evaluate(run: Run | str | Path) -> Metrics:
    """Measure a run on the test set of its data set; write nothing."""
    run = run if isinstance(run, Run) else load_run(run)
    test = load_run_data(run).test
    return measure(classifier_of_run(run).predict(test.images, test.labels))


def _export_fine_tuned(run: Run, reporter: Reporter) -> Exported:
    exported = export_model(run, run.fine_tuned_model)
    reporter.say(exported.summary())
    return exported
