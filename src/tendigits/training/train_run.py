"""From a run folder to trained weights: data, start, checkpoints, log, Ctrl-C, ensembles."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from torch import nn

from tendigits.data import LabelledImages
from tendigits.errors import RunError
from tendigits.feedback.corrections import split_corrections
from tendigits.files import to_json
from tendigits.networks import Ensemble, build_network, count_outputs, summary_table
from tendigits.progress import Reporter
from tendigits.training.augmentation import draw_augmented
from tendigits.training.checkpoint import (
    find_checkpoints,
    load_checkpoint,
    save_checkpoint,
    save_weights,
)
from tendigits.training.distillation import load_teacher
from tendigits.training.environment import computing_threads, describe_speed
from tendigits.training.fine_tuning import load_start, load_start_weights, usable_corrections
from tendigits.training.fit import TrainingState, fit
from tendigits.training.history import EpochResult, mean_history, read_history, write_history
from tendigits.training.run_folder import Run, load_network
from tendigits.training.training_data import TrainingData, build_training_data


def train_run(run: Run, data: LabelledImages, reporter: Reporter) -> nn.Module:
    """Train the network of a run, or each member of its ensemble, to the last epoch.

    History, checkpoints, log and weights are written to the run's folder. A run that was stopped
    is resumed from its newest checkpoint.

    Args:
        run: the run.
        data: the training part of its data set.
        reporter: receives a line per epoch and the progress within it.

    Returns:
        The trained network on the CPU, in evaluation mode.

    Raises:
        RunError: the loss is NaN or infinite, a file of the run is damaged, or its teacher cannot
            be read.
        KeyboardInterrupt: Ctrl-C was pressed; the newest checkpoint is kept.
    """
    recipe = run.recipe
    reporter.say(summary_table(build_network(recipe.network, recipe.seed, count_outputs(recipe))))
    if recipe.augmentation is not None:
        draw_augmented(data, recipe.augmentation, run.data.class_names, run.augmented)
    if recipe.members == 1:
        return train_network(run, data, reporter)
    networks = []
    for number, member in enumerate(run.members, start=1):
        reporter.say(f"Member {number} of {recipe.members}, seed {member.recipe.seed}")
        if not member.weights.exists():
            member.folder.mkdir(parents=True, exist_ok=True)
            train_network(member, data, reporter)
        networks.append(load_network(member))
    write_history(run.history, mean_history([read_history(each.history) for each in run.members]))
    ensemble = Ensemble(networks)
    save_weights(run.weights, ensemble)
    return ensemble.eval()


def train_network(run: Run, data: LabelledImages, reporter: Reporter) -> nn.Module:
    """Train one network; arguments and errors are those of `train_run`."""
    recipe, log = run.recipe, RunLog(run.log)
    network, training_data = _start(run, data)
    teacher = load_teacher(recipe.distillation, run.environment) if recipe.distillation else None
    state = TrainingState.initial(network, recipe)
    state.history = _restore(run, state, reporter)
    log.write("training", epochs_done=len(state.history))

    def on_step(epoch: int, step: int, steps: int) -> None:
        reporter.step(f"Epoch {epoch}/{recipe.epochs}", step, steps)
        interrupt.stop_if_requested()

    def on_epoch(result: EpochResult) -> None:
        write_history(run.history, state.history)
        save_checkpoint(run.checkpoints, state)
        log.write("epoch", **asdict(result))
        reporter.say(result.line(recipe.epochs))
        interrupt.stop_if_requested()

    with computing_threads(run.environment.threads):
        with deferred_interrupt() as interrupt:
            trained = fit(
                state,
                training_data,
                recipe,
                validation=data.subset(run.split.validation),
                precision=run.environment.torch_precision,
                teacher=teacher,
                on_step=on_step,
                on_epoch=on_epoch,
            )
        if len(state.history) < recipe.epochs:
            reporter.say(f"The validation loss has not fallen for {recipe.patience} epochs.")
        save_weights(run.weights, trained)
        log.write("trained")
        speed = describe_speed(trained, state.history, run.environment)
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


class RunLog:
    """Appends events to `log.jsonl`, one JSON object per line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        _remove_unfinished_line(path)

    def write(self, event: str, **values: object) -> None:
        """Append one line: the time in UTC, the event's name, its values."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = to_json({"time": now, "event": event, **values})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def _start(run: Run, data: LabelledImages) -> tuple[nn.Module, TrainingData]:
    """Return the network before its first epoch, and what it is trained on."""
    recipe = run.recipe
    network = build_network(recipe.network, recipe.seed, count_outputs(recipe))
    corrections = None
    if recipe.fine_tuning is not None:
        start = load_start(run)
        load_start_weights(start, network)
        corrections, _ = split_corrections(usable_corrections(start.corrections, recipe))
    training_data = build_training_data(recipe, data, run.split, corrections)
    return network.to(run.environment.torch_device), training_data


def _restore(run: Run, state: TrainingState, reporter: Reporter) -> list[EpochResult]:
    """Load the newest undamaged checkpoint into `state`; return the history up to its epoch."""
    for path in find_checkpoints(run.checkpoints):
        try:
            epoch = load_checkpoint(path, state)
        except RunError as error:
            reporter.say(f"{error} Resuming from an earlier epoch.")
            continue
        history = read_history(run.history)[:epoch]
        if len(history) < epoch:
            raise RunError(f"{run.history} lacks epochs before {epoch}; train again.")
        reporter.say(f"Resuming after epoch {epoch} of {run.recipe.epochs}.")
        return history
    return []


def _remove_unfinished_line(path: Path) -> None:
    # A process that was killed may have left the start of a line.
    if path.exists():
        complete = path.read_bytes().rpartition(b"\n")
        os.truncate(path, len(complete[0]) + len(complete[1]))
