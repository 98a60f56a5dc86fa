"""The whole way in one call: data set, network, training, test."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tendigits.classifiers.model_file import read_model, shipped_models
from tendigits.data import Dataset, load_dataset
from tendigits.errors import RunError, TrainingInterrupted
from tendigits.evaluation import summarise_test
from tendigits.export import Exported, export_model
from tendigits.feedback.corrections import Corrections
from tendigits.files import remove_unfinished
from tendigits.progress import Terminal
from tendigits.recipes import Recipe, load_recipe
from tendigits.training import (
    Device,
    Reporter,
    Run,
    Silent,
    Start,
    computing_threads,
    create_run,
    describe_environment,
    fine_tuning_recipe,
    load_run,
    load_run_data,
    train_classifier,
    with_pinned_teacher,
)
from tendigits.training.before_after import describe_fine_tuning
from tendigits.training.final_test import run_test


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
    with _reporter(quiet=quiet) as reporter:
        dataset = data if isinstance(data, Dataset) else load_dataset(data, reporter.step)
        recipe = with_pinned_teacher(recipe, dataset.train.labels)
        run = create_run(recipe, dataset, environment, Path(out) if out else None)
        return _carry_out(run, dataset, reporter)


def fine_tune(
    model: str | Path,
    corrections: Corrections,
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
    start = Start(read_model(shipped_models().get(str(model), Path(model))), corrections)
    with _reporter(quiet=quiet) as reporter:
        dataset = data if isinstance(data, Dataset) else load_dataset(data, reporter.step)
        recipe = fine_tuning_recipe(start, settings or {}, dataset)
        environment = describe_environment(threads, device, recipe.precision)
        run = create_run(
            recipe, dataset, environment, Path(out) if out else None, start=start.files
        )
        return _carry_out_fine_tuning(run, dataset, reporter)


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
    for part in (run, *run.members):
        for folder in (part.folder, part.checkpoints, part.figures):
            remove_unfinished(folder)
    with _reporter(quiet=quiet) as reporter:
        dataset = load_run_data(run, reporter.step)
        if run.recipe.fine_tuning is not None:
            _carry_out_fine_tuning(run, dataset, reporter)
            return run
        return _carry_out(run, dataset, reporter)


def _carry_out_fine_tuning(run: Run, dataset: Dataset, reporter: Reporter) -> Exported:
    _carry_out(run, dataset, reporter)
    reporter.say(describe_fine_tuning(run, dataset.train))
    exported = export_model(run, run.fine_tuned_model)
    reporter.say(exported.summary())
    return exported


def _carry_out(run: Run, dataset: Dataset, reporter: Reporter) -> Run:
    try:
        reporter.say(f"Run folder: {run.folder}")
        network = train_classifier(run, dataset.train, reporter)
        with computing_threads(run.environment.threads):
            metrics = run_test(run, network, dataset)
    except KeyboardInterrupt:
        raise TrainingInterrupted(
            f"Stopped; what was done is kept. Go on with: {run.command_to_resume}"
        ) from None
    reporter.say(summarise_test(metrics, dataset.class_names))
    reporter.say(f"Figures: {run.metrics}\nPictures: {run.figures}\nModel card: {run.model_card}")
    return run


@contextmanager
def _reporter(*, quiet: bool) -> Iterator[Reporter]:
    if quiet:
        yield Silent()
        return
    with Terminal() as terminal:
        yield terminal
