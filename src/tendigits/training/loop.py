"""The training loop, told in order."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from tendigits.data import LabelledImages
from tendigits.errors import RunError
from tendigits.networks import Ensemble, build_network, count_outputs, summary_table
from tendigits.recipes import DistillationSettings, Recipe
from tendigits.training.batches import TrainingBatches, batches, epoch_generator, epoch_order
from tendigits.training.checkpoint import find_checkpoints, load_checkpoint, save_checkpoint
from tendigits.training.device import computing_threads
from tendigits.training.fine_tuning import load_start, put_start_weights
from tendigits.training.history import (
    EpochResult,
    has_stalled,
    mean_history,
    read_history,
    write_history,
)
from tendigits.training.interrupt import deferred_interrupt
from tendigits.training.log import RunLog
from tendigits.training.material import learning_material
from tendigits.training.optimizer import build_optimizer
from tendigits.training.preview import draw_augmented
from tendigits.training.reporter import Reporter
from tendigits.training.run import Run, load_network, save_weights
from tendigits.training.schedule import rate_factor, set_learning_rate
from tendigits.training.speed import Speed, describe_speed
from tendigits.training.teacher import Teacher, load_teacher

_VALIDATION_BATCH = 1000


def train_classifier(run: Run, examples: LabelledImages, reporter: Reporter) -> nn.Module:
    """Train what the run's recipe describes: its network, or each member of its ensemble.

    Args:
        run: the run; its history and weights are written to its folder.
        examples: the training part of the run's data set.
        reporter: is told a line an epoch.

    Raises:
        RunError: the training came to nothing, or its teacher cannot be read.
        KeyboardInterrupt: Ctrl-C was pressed; the step was finished, the newest checkpoint is kept.
    """
    recipe = run.recipe
    reporter.say(summary_table(build_network(recipe.network, recipe.seed, count_outputs(recipe))))
    if recipe.augmentation is not None:
        draw_augmented(examples, recipe.augmentation, run.data.class_names, run.augmented)
    if recipe.members == 1:
        return train_network(run, examples, reporter)
    networks = []
    for number, member in enumerate(run.members, start=1):
        reporter.say(f"Member {number} of {recipe.members}, seed {member.recipe.seed}")
        if not member.weights.exists():
            member.folder.mkdir(parents=True, exist_ok=True)
            train_network(member, examples, reporter)
        networks.append(load_network(member))
    write_history(run.history, mean_history([read_history(each.history) for each in run.members]))
    ensemble = Ensemble(networks)
    save_weights(run, ensemble)
    return ensemble.eval()


def train_network(run: Run, examples: LabelledImages, reporter: Reporter) -> nn.Module:
    """Train one network on `examples`, from its newest checkpoint to its last epoch.

    Its history, checkpoints, log and weights are written to the run's folder. Arguments and
    errors are those of `train_classifier`.
    """
    recipe, log, device = run.recipe, RunLog(run.log), torch.device(run.environment.device)
    material = learning_material(run, examples)
    images = torch.from_numpy(material.images).to(device)
    labels = torch.from_numpy(material.labels).to(device)
    validation = torch.from_numpy(run.split.validation).to(device)
    precision = getattr(torch, run.environment.precision)
    steps = -(-len(material.learnt) // recipe.batch_size)
    network = build_network(recipe.network, recipe.seed, count_outputs(recipe)).to(device)
    if recipe.fine_tuning is not None:
        put_start_weights(load_start(run).model, network, images[: len(examples)])
    average = _running_mean(network, recipe)
    optimizer = build_optimizer(network, recipe.optimizer)
    teacher = load_teacher(run)

    with _torch_settings(run), deferred_interrupt() as interrupt:
        saved = nn.ModuleList([network, average]) if average else network
        history = _restore(run, saved, optimizer, reporter)
        log.write("training", epochs_done=len(history))
        for epoch in range(len(history) + 1, recipe.epochs + 1):
            if has_stalled(history, recipe.patience):
                reporter.say(f"The validation loss has not fallen for {recipe.patience} epochs.")
                break
            network.train()
            answers: list[Tensor] = []
            order = epoch_order(material.learnt, recipe.seed, epoch).to(device)
            data = TrainingBatches(
                batches(images, labels, order, recipe.batch_size),
                recipe.augmentation_in(epoch),
                epoch_generator(recipe.seed, epoch, device),
            )
            started = time.perf_counter()
            for step, (inputs, targets) in enumerate(data, start=1):
                done = (epoch - 1 + step / steps) / recipe.epochs
                set_learning_rate(
                    optimizer, recipe.optimizer.learning_rate * rate_factor(recipe.schedule, done)
                )
                answers.append(
                    train_step(network, teacher, optimizer, inputs, targets, recipe, precision)
                )
                if average is not None:
                    average.update_parameters(network)
                reporter.step(f"Epoch {epoch}/{recipe.epochs}", step, steps)
                if interrupt.requested:
                    raise KeyboardInterrupt
            seconds = time.perf_counter() - started

            loss, accuracy = _loss_and_accuracy(torch.cat(answers), labels[order])
            val_loss, val_accuracy = _validate(average or network, images, labels, validation)
            result = EpochResult(
                epoch=epoch,
                seconds=seconds,
                milliseconds_per_step=1000 * seconds / steps,
                accuracy=accuracy,
                loss=loss,
                val_accuracy=val_accuracy,
                val_loss=val_loss,
                images_per_second=len(order) / seconds,
                data_milliseconds_per_step=1000 * data.seconds / steps,
            )
            _reject_divergence(result)
            history.append(result)
            write_history(run.history, history)
            save_checkpoint(run.checkpoints, epoch, saved, optimizer)
            log.write("epoch", **asdict(result))
            reporter.say(result.line(recipe.epochs))
            if interrupt.requested:
                raise KeyboardInterrupt
    trained: nn.Module = average.module if average else network
    save_weights(run, trained)
    log.write("trained")
    _tell_speed(describe_speed(trained, history, run.environment), log, reporter)
    return trained.cpu().eval()


def _tell_speed(speed: Speed, log: RunLog, reporter: Reporter) -> None:
    log.write("speed", **asdict(speed))
    reporter.say(speed.line())


def train_step(
    network: nn.Module,
    teacher: Teacher | None,
    optimizer: torch.optim.Optimizer,
    inputs: Tensor,
    targets: Tensor,
    recipe: Recipe,
    precision: torch.dtype,
) -> Tensor:
    """Learn from one batch; return the logits that were given before that."""
    inputs = inputs.contiguous(memory_format=torch.channels_last)
    # A context a step: autocast keeps the weights that it has converted until it is left.
    with torch.autocast(inputs.device.type, precision, enabled=precision != torch.float32):
        answers = network(inputs)
    logits: Tensor = answers.float()
    loss = functional.cross_entropy(logits, targets, label_smoothing=recipe.label_smoothing)
    if teacher is not None and recipe.distillation is not None:
        loss = _distilled(loss, logits, teacher(inputs), recipe.distillation)
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    optimizer.step()
    return logits.detach()


def _distilled(
    loss: Tensor, logits: Tensor, answers: Tensor, settings: DistillationSettings
) -> Tensor:
    """Return the labels' `loss` and that against the teacher's `answers`, in their shares."""
    probabilities = functional.softmax(answers / settings.temperature, 1)
    against_teacher = functional.cross_entropy(logits / settings.temperature, probabilities)
    # A temperature flattens the gradient by its square, which is given back.
    return torch.lerp(loss, settings.temperature**2 * against_teacher, settings.weight)


def _reject_divergence(result: EpochResult) -> None:
    if not math.isfinite(result.loss):
        raise RunError(
            f"The loss is no number after epoch {result.epoch}; give a smaller "
            "optimizer.learning_rate."
        )


@torch.inference_mode()
def _validate(
    network: nn.Module, images: Tensor, labels: Tensor, validation: Tensor
) -> tuple[float, float] | tuple[None, None]:
    """Return the mean loss and the accuracy on the validation images, if there are any."""
    if not len(validation):
        return None, None
    network.eval()
    parts = batches(images, labels, validation, _VALIDATION_BATCH)
    answers = [network(inputs).float() for inputs, _ in parts]
    return _loss_and_accuracy(torch.cat(answers), labels[validation])


def _loss_and_accuracy(logits: Tensor, targets: Tensor) -> tuple[float, float]:
    """Return the mean cross-entropy (nats) and the share of right answers."""
    loss = functional.cross_entropy(logits, targets)
    return loss.item(), (logits.argmax(1) == targets).double().mean().item()


def _running_mean(network: nn.Module, recipe: Recipe) -> AveragedModel | None:
    """Return a running mean of the weights of `network`, or None where the recipe has none."""
    if not recipe.ema_decay:
        return None
    mean = get_ema_multi_avg_fn(recipe.ema_decay)
    return AveragedModel(network, multi_avg_fn=mean, use_buffers=True)


def _restore(
    run: Run,
    saved: nn.Module,
    optimizer: torch.optim.Optimizer,
    reporter: Reporter,
) -> list[EpochResult]:
    """Bring back the newest whole checkpoint; return the history up to its epoch."""
    for path in find_checkpoints(run.checkpoints):
        try:
            epoch = load_checkpoint(path, saved, optimizer)
        except RunError as error:
            reporter.say(f"{error} Going on from what is before it.")
            continue
        history = read_history(run.history)[:epoch]
        if len(history) < epoch:
            raise RunError(f"{run.history} lacks epochs before {epoch}; train the run anew.")
        reporter.say(f"Going on after epoch {epoch} of {run.recipe.epochs}.")
        return history
    return []


@contextmanager
def _torch_settings(run: Run) -> Iterator[None]:
    """Set torch's threads, random state and rounding for a run, and set them back."""
    # Adam's moments of pixels that are always blank decay to denormal numbers, which are slow.
    torch.set_flush_denormal(True)
    try:
        with computing_threads(run.environment.threads), torch.random.fork_rng():
            torch.manual_seed(run.recipe.seed)
            yield
    finally:
        torch.set_flush_denormal(False)
