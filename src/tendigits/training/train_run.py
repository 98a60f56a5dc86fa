"""A run from start to end: data, checkpoints, log, Ctrl-C, the members of an ensemble, the test."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from types import FrameType

from torch import nn

from tendigits.data import IMAGE_SIZE, Dataset, LabelledImages
from tendigits.data.pages import make_glyphs
from tendigits.errors import RunError, TrainingInterrupted
from tendigits.evaluation import summarise_test
from tendigits.feedback.corrections import split_corrections
from tendigits.files import remove_unfinished
from tendigits.networks import Ensemble, build_classifier, build_network, summary_table
from tendigits.networks.finder import PAGE_SIDE, FinderNetwork
from tendigits.progress import Reporter
from tendigits.training.augmentation import draw_augmented
from tendigits.training.checkpoint import (
    find_checkpoints,
    load_checkpoint,
    save_checkpoint,
    save_weights,
)
from tendigits.training.distillation import as_teacher, load_teacher
from tendigits.training.environment import computing_threads, describe_speed
from tendigits.training.final_test import run_test
from tendigits.training.finder_test import run_finder_test
from tendigits.training.fine_tuning import (
    load_start,
    load_start_weights,
    usable_corrections,
)
from tendigits.training.fit import Share, TrainingState, fit
from tendigits.training.fit_finder import FinderGlyphs, fit_finder
from tendigits.training.history import (
    EpochResult,
    RunLog,
    mean_history,
    read_history,
    write_history,
)
from tendigits.training.run_folder import Run, load_network
from tendigits.training.training_data import TrainingData, build_training_data

OnStep = Callable[[int, int, int], None]
OnEpoch = Callable[[EpochResult], None]


def train_run(run: Run, dataset: Dataset, reporter: Reporter, share: Share | None = None) -> None:
    """Train the network of a run, or each member of its ensemble, and test it once.

    Everything is written to the run's folder. A run that was stopped is resumed from its newest
    checkpoint.

    Args:
        run: the run.
        dataset: its data set.
        reporter: receives lines of text, and the progress within each epoch.
        share: see `fit`.

    Raises:
        RunError: the loss is NaN or infinite, a file of the run is damaged, or its teacher cannot
            be read.
        TrainingInterrupted: Ctrl-C was pressed; the newest checkpoint is kept.
    """
    for part in (run, *run.members):
        for folder in (part.folder, part.checkpoints, part.plots):
            remove_unfinished(folder)
    reporter.say(f"Run folder: {run.folder}")
    try:
        if run.recipe.pages is None:
            summary = _train_classifier(run, dataset, reporter, share)
        else:
            summary = _train_finder(run, dataset.train, reporter)
    except KeyboardInterrupt:
        raise TrainingInterrupted(
            f"Stopped; finished epochs are kept. Resume with: {run.command_to_resume}"
        ) from None
    reporter.say(summary)
    reporter.say(f"Metrics: {run.metrics_file}\nPlots: {run.plots}\nModel card: {run.model_card}")


def train_network(
    run: Run,
    data: LabelledImages,
    reporter: Reporter,
    share: Share | None = None,
    ensemble: nn.Module | None = None,
) -> nn.Module:
    """Train one network from its newest checkpoint to its last epoch.

    Args:
        run: a run of one network.
        data: the training part of its data set.
        reporter: receives a line per epoch, and the progress within it.
        share: see `fit`.
        ensemble: the teacher, where that is the ensemble of the run's own members.

    Returns:
        The network on the CPU, in evaluation mode.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed; the step was finished.
        RunError: as in `train_run`.
    """
    recipe, precision = run.recipe, run.environment.torch_precision
    network, training_data = _start(run, data)
    device, teacher = run.environment.torch_device, None
    if ensemble is not None:
        teacher = as_teacher(ensemble, device, precision)
    elif recipe.distillation is not None:
        teacher = load_teacher(recipe.distillation, device, precision)

    def fit_classifier(state: TrainingState, on_step: OnStep, on_epoch: OnEpoch) -> nn.Module:
        return fit(
            state,
            training_data,
            recipe,
            validation=data.subset(run.split.validation),
            precision=precision,
            teacher=teacher,
            share=share,
            on_step=on_step,
            on_epoch=on_epoch,
        )

    return _train_from_checkpoint(run, network, fit_classifier, IMAGE_SIZE, reporter)


def _train_from_checkpoint(
    run: Run,
    network: nn.Module,
    fit_state: Callable[[TrainingState, OnStep, OnEpoch], nn.Module],
    image_size: int,
    reporter: Reporter,
) -> nn.Module:
    """Train a network from its newest checkpoint with `fit_state`; record it in the run folder."""
    recipe, log = run.recipe, RunLog(run.log)
    state = TrainingState.initial(network.to(run.environment.torch_device), recipe)
    state.history = _restore(run, state, reporter)
    log.write("training", epochs_done=len(state.history))

    def on_step(epoch: int, step: int, steps: int) -> None:
        reporter.step(f"Epoch {epoch}/{recipe.epochs}", step, steps)
        interrupt.stop_if_requested()

    def on_epoch(result: EpochResult) -> None:
        write_history(run.history_file, state.history)
        save_checkpoint(run.checkpoints, state)
        log.write("epoch", **asdict(result))
        reporter.say(result.line(recipe.epochs))
        interrupt.stop_if_requested()

    with computing_threads(run.environment.threads):
        with deferred_interrupt() as interrupt:
            trained = fit_state(state, on_step, on_epoch)
        if len(state.history) < recipe.epochs:
            reporter.say(f"Stopped early: no lower validation loss for {recipe.patience} epochs.")
        save_weights(run.weights, trained)
        log.write("trained")
        speed = describe_speed(trained, state.history, run.environment, image_size)
        log.write("speed", **asdict(speed))
        reporter.say(speed.line())
    return trained.cpu()


class Interrupt:
    """Whether Ctrl-C was pressed."""

    requested = False

    def stop_if_requested(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed."""
        if self.requested:
            raise KeyboardInterrupt


@contextmanager
def deferred_interrupt() -> Iterator[Interrupt]:
    """Record the first Ctrl-C instead of raising; a second one raises at once, as usual."""
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt  # Python delivers signals to the main thread only
        return

    def record(_number: int, _frame: FrameType | None) -> None:
        interrupt.requested = True
        signal.signal(signal.SIGINT, previous)

    previous = signal.signal(signal.SIGINT, record)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, previous)


def _train_classifier(run: Run, dataset: Dataset, reporter: Reporter, share: Share | None) -> str:
    """Train and test a classifier; return its figures in words."""
    network = train_networks(run, dataset.train, reporter, share)
    with computing_threads(run.environment.threads):
        metrics = run_test(run, network, dataset)
    return summarise_test(metrics, dataset.class_names)


def _train_finder(run: Run, data: LabelledImages, reporter: Reporter) -> str:
    """Train and measure a finder; return its figures in words."""
    recipe, environment = run.recipe, run.environment
    network = build_network(recipe.network, recipe.seed)
    reporter.say(summary_table(network, PAGE_SIDE))
    held_out = data.subset(run.split.validation)
    glyphs = FinderGlyphs(make_glyphs(data.subset(run.split.train)), make_glyphs(held_out))

    def fit_pages(state: TrainingState, on_step: OnStep, on_epoch: OnEpoch) -> nn.Module:
        return fit_finder(
            state,
            glyphs,
            recipe,
            workers=environment.page_workers,
            precision=environment.torch_precision,
            on_step=on_step,
            on_epoch=on_epoch,
        )

    trained = _train_from_checkpoint(run, network, fit_pages, PAGE_SIDE, reporter)
    assert isinstance(trained, FinderNetwork)
    with computing_threads(environment.threads):
        return run_finder_test(run, trained, glyphs.validation, held_out).summary()


def train_networks(
    run: Run, data: LabelledImages, reporter: Reporter, share: Share | None = None
) -> nn.Module:
    """Train the network of a run, or the members of its ensemble; see `train_network`.

    Where a recipe says so, one more network then learns from the ensemble and is the result.
    """
    recipe = run.recipe
    if recipe.variants is None:
        reporter.say(summary_table(build_classifier(recipe.member_recipes[0])))
    if recipe.augmentation is not None:
        draw_augmented(data, recipe.augmentation, run.data.class_names, run.augmented)
    if recipe.members == 1:
        return train_network(run, data, reporter, share)
    ensemble = Ensemble(_train_members(run, data, reporter, share)).eval()
    if recipe.teaches_itself:
        reporter.say(f"One network learns from the {recipe.members} members.")
        if recipe.variants is not None:
            reporter.say(summary_table(build_classifier(recipe)))
        return train_network(run, data, reporter, share, ensemble)
    write_history(run.history_file, mean_history([each.history for each in run.members]))
    save_weights(run.weights, ensemble)
    return ensemble


def _train_members(
    run: Run, data: LabelledImages, reporter: Reporter, share: Share | None
) -> list[nn.Module]:
    recipe = run.recipe
    for number, member in enumerate(run.members, start=1):
        reporter.say(f"Member {number} of {recipe.members}, seed {member.recipe.seed}")
        if recipe.variants is not None:
            reporter.say(summary_table(build_classifier(member.recipe)))
        if not member.weights.exists():
            member.folder.mkdir(parents=True, exist_ok=True)
            train_network(member, data, reporter, share)
    return [load_network(member) for member in run.members]


def _start(run: Run, data: LabelledImages) -> tuple[nn.Module, TrainingData]:
    """Return the network before its first epoch, and what it is trained on."""
    recipe = run.recipe
    network = build_classifier(recipe)
    corrections = None
    if recipe.fine_tuning is not None:
        start = load_start(run)
        load_start_weights(start, network)
        corrections, _ = split_corrections(usable_corrections(start.corrections, recipe))
    return network, build_training_data(recipe, data, run.split, corrections)


def _restore(run: Run, state: TrainingState, reporter: Reporter) -> list[EpochResult]:
    """Load the newest undamaged checkpoint into `state`; return the history up to its epoch."""
    for path in find_checkpoints(run.checkpoints):
        try:
            epoch = load_checkpoint(path, state)
        except RunError as error:
            reporter.say(f"{error} Resuming from an earlier epoch.")
            continue
        history = read_history(run.history_file)[:epoch]
        if len(history) < epoch:
            raise RunError(f"{run.history_file} lacks epochs before {epoch}; train again.")
        reporter.say(f"Resuming after epoch {epoch} of {run.recipe.epochs}.")
        return history
    return []
