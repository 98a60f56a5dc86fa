"""A search for better settings of a recipe with Optuna, by its validation images alone."""

import multiprocessing
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path

import matplotlib as mpl
import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import MaxTrialsCallback, Study
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from tendigits.data import Dataset, LabelledImages, load_dataset
from tendigits.errors import Interrupted, RecipeError, RunError
from tendigits.files import atomic_write, to_json, write_text
from tendigits.networks import build_network, count_outputs
from tendigits.recipes import Recipe
from tendigits.scale.search_space import Choices, Range, Space, reject_unsuitable
from tendigits.training import (
    EpochResult,
    TrainingState,
    build_training_data,
    computing_threads,
    describe_environment,
    fit,
)
from tendigits.training.training_data import split_images

# A trial whose process was killed is not counted; it stays in the state RUNNING.
_COUNTED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
_STUDY = "tendigits"


@dataclass(frozen=True)
class Search:
    """A search.

    Attributes:
        recipe: the settings that are not searched; its seed is that of every trial.
        space: the values to choose from, by the dotted names of the settings.
        data: what `load_dataset` takes.
        study: an Optuna journal file, or the URL of a database.
        trials: the number of trials after which the search ends, over all machines.
        threads: the threads of each process.
    """

    recipe: Recipe
    space: Space
    data: str
    study: str
    trials: int
    threads: int

    def subject(self, dataset: Dataset) -> str:
        """Return what is searched, as JSON; a study belongs to one subject."""
        space = {name: each.model_dump() for name, each in self.space.items()}
        recipe, images = self.recipe.model_dump(), dataset.checksums
        return to_json({"recipe": recipe, "space": space, "data": self.data, "images": images})


def run_search(search: Search, jobs: int) -> Study:
    """Run trials in `jobs` processes until the study has as many as wanted; return the study.

    Any number of machines can call it with one study at a time. A process that is killed is
    started again.

    Raises:
        RecipeError: a setting is unknown, its values are invalid, there is no validation, or a
            recipe has members or a teacher.
        RunError: the study is of something else or cannot be opened, or processes keep dying.
        Interrupted: Ctrl-C was pressed.
    """
    reject_unsuitable(search.recipe, search.space)  # before any process is started
    study = _open_study(search, load_dataset(search.data))
    context = multiprocessing.get_context("spawn")
    restarts = 2 * jobs
    try:
        processes = [_started(context, search) for _ in range(jobs)]
        while processes:
            process = _first_ended(processes)
            processes.remove(process)
            if process.exitcode and restarts == 0:
                _end(processes)
                raise RunError("The processes of the search keep dying; see the messages above.")
            if process.exitcode:
                restarts -= 1
                processes.append(_started(context, search))
    except KeyboardInterrupt:
        raise Interrupted("Stopped; the same command goes on with the study.") from None
    return study


def write_search_report(search: Search, study: Study, folder: Path) -> str:
    """Write `report.md`, `history.png`, `importances.png` and `best.toml`; return the report.

    Raises:
        RunError: no trial is complete.
    """
    complete = study.get_trials(states=(TrialState.COMPLETE,))
    if not complete:
        raise RunError(
            f"No trial of the study {_shown(search.study)} is complete; run more --trials."
        )
    best = search.recipe.changed({**study.best_params, "name": "best"})
    write_text(folder / "best.toml", best.to_toml())
    importances = _importances(study) if len(complete) > 1 else {}
    _plot(study, folder, with_importances=bool(importances))
    text = _report(study, importances)
    write_text(folder / "report.md", text)
    return text


def _report(study: Study, importances: Mapping[str, float]) -> str:
    counts = {state: len(study.get_trials(states=(state,))) for state in _COUNTED}
    lines = [
        "# Search",
        "",
        f"Trials: {counts[TrialState.COMPLETE]} complete, {counts[TrialState.PRUNED]} pruned, "
        f"{counts[TrialState.FAIL]} failed. "
        f"Best validation accuracy: {100 * study.best_value:.2f} % "
        f"(trial {study.best_trial.number}). The test set was not used.",
        "",
        "| setting | best value | importance |",
        "|---|---|---|",
    ]
    lines += [
        f"| `{name}` | {value} | {importances.get(name, float('nan')):.2f} |"
        for name, value in study.best_params.items()
    ]
    lines += ["", "![Validation accuracy by trial](history.png)"]
    if importances:
        lines += ["", "![Importance of each setting](importances.png)"]
    return "\n".join([*lines, ""])


def _importances(study: Study) -> dict[str, float]:
    try:
        return optuna.importance.get_param_importances(study)
    except (ValueError, RuntimeError):  # all trials have the same value
        return {}


def _plot(study: Study, folder: Path, *, with_importances: bool) -> None:
    mpl.use("Agg")
    from optuna.visualization.matplotlib import (  # noqa: PLC0415 - after the choice of Agg
        plot_optimization_history,
        plot_param_importances,
    )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        axes = {"history": plot_optimization_history(study, target_name="validation accuracy")}
        if with_importances:
            axes["importances"] = plot_param_importances(study, target_name="validation accuracy")
    for name, each in axes.items():
        figure = each.get_figure(root=True)
        assert figure is not None
        with atomic_write(folder / f"{name}.png") as path:
            figure.savefig(path, bbox_inches="tight", dpi=120)


def _started(
    context: multiprocessing.context.SpawnContext, search: Search
) -> multiprocessing.context.SpawnProcess:
    process = context.Process(target=_work, args=(search,))
    process.start()
    return process


def _first_ended(
    processes: Sequence[multiprocessing.context.SpawnProcess],
) -> multiprocessing.context.SpawnProcess:
    ended = wait([each.sentinel for each in processes])
    first = next(each for each in processes if each.sentinel in ended)
    first.join()
    return first


def _end(processes: Sequence[multiprocessing.context.SpawnProcess]) -> None:
    for each in processes:
        each.terminate()
    for each in processes:
        each.join()


def _work(search: Search) -> None:
    """Run trials until the study has as many as wanted."""
    enough = MaxTrialsCallback(search.trials, _COUNTED)
    try:
        dataset = load_dataset(search.data)
        study = _open_study(search, dataset)
        if len(study.get_trials(states=_COUNTED)) >= search.trials:
            return
        objective = _Objective(search, dataset.train)
        with computing_threads(search.threads):
            study.optimize(
                objective, callbacks=[enough, _print_trial], catch=(RunError, RecipeError)
            )
    except KeyboardInterrupt:
        sys.exit()


class _Objective:
    """From a trial to the validation accuracy after its last epoch."""

    def __init__(self, search: Search, data: LabelledImages) -> None:
        self._search = search
        self._data = data

    def __call__(self, trial: Trial) -> float:
        """Train the trial's recipe, and prune it when it falls behind the median of the others."""
        space = self._search.space.items()
        settings = {name: _suggest(trial, name, values) for name, values in space}
        recipe = self._search.recipe.changed(settings)
        network = build_network(recipe.network, recipe.seed, count_outputs(recipe))
        split = split_images(recipe, self._data.labels)
        accuracy = 0.0

        def on_epoch(result: EpochResult) -> None:
            nonlocal accuracy
            assert result.val_accuracy is not None
            accuracy = result.val_accuracy
            trial.report(accuracy, result.epoch)
            if trial.should_prune():
                raise optuna.TrialPruned

        environment = describe_environment(self._search.threads, precision=recipe.precision)
        fit(
            TrainingState.initial(network.to(environment.torch_device), recipe),
            build_training_data(recipe, self._data, split),
            recipe,
            validation=self._data.subset(split.validation),
            precision=environment.torch_precision,
            on_epoch=on_epoch,
        )
        return accuracy


def _suggest(trial: Trial, name: str, values: Range | Choices) -> object:
    if isinstance(values, Choices):
        return trial.suggest_categorical(name, values.choices)
    if isinstance(values.low, int) and isinstance(values.high, int):
        return trial.suggest_int(name, values.low, values.high, log=values.log)
    return trial.suggest_float(name, values.low, values.high, log=values.log)


def _print_trial(_study: Study, trial: FrozenTrial) -> None:
    accuracy = trial.value if trial.value is not None else float("nan")
    print(
        f"Trial {trial.number}: {trial.state.name.lower()}, validation accuracy "
        f"{100 * accuracy:.2f} %  {trial.params}",
        flush=True,
    )


def _open_study(search: Search, dataset: Dataset) -> Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with _reported(search.study):
        study = optuna.create_study(
            storage=_storage(search.study),
            study_name=_STUDY,
            direction="maximize",
            sampler=optuna.samplers.TPESampler(),
            pruner=optuna.pruners.MedianPruner(),
            load_if_exists=True,
        )
        subject, wanted = study.user_attrs.get("subject"), search.subject(dataset)
        if subject is None:
            study.set_user_attr("subject", wanted)
        elif subject != wanted:
            raise RunError(
                f"The study {_shown(search.study)} searches another recipe, space or data set, or "
                "other images of it; choose another --study."
            )
    return study


def _storage(study: str) -> BaseStorage:
    if "://" in study:
        # Connections are closed after each use: a pool would keep them open after the search.
        return RDBStorage(study, engine_kwargs={"poolclass": NullPool})
    return JournalStorage(JournalFileBackend(study))


def _shown(study: str) -> str:
    """Return the name of a study for messages, without a password."""
    return study.partition("://")[0] + "://..." if "://" in study else study


@contextmanager
def _reported(study: str) -> Iterator[None]:
    """Report in a sentence that a study cannot be opened."""
    try:
        yield
    except (OSError, ValueError, ImportError, ArgumentError, SQLAlchemyError) as error:
        reason = str(error.__cause__ or error).strip().partition("\n")[0].rstrip(".")
        raise RunError(
            f"The study {_shown(study)} cannot be opened ({reason}); give a journal file or a "
            "URL such as postgresql+psycopg://USER@HOST/NAME."
        ) from error
