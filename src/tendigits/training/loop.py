"""The training loop, told in order."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import torch
from torch import Tensor, nn
from torch.nn import functional

from tendigits.datasets import Examples
from tendigits.errors import RunError
from tendigits.networks import build_network, summary_table
from tendigits.training.batches import batches, epoch_order
from tendigits.training.checkpoint import find_checkpoints, load_checkpoint, save_checkpoint
from tendigits.training.history import EpochResult, read_history, write_history
from tendigits.training.interrupt import deferred_interrupt
from tendigits.training.log import RunLog
from tendigits.training.optimizer import build_optimizer
from tendigits.training.reporter import Reporter
from tendigits.training.run import Run, save_weights

_VALIDATION_BATCH = 1000


def train_network(run: Run, examples: Examples, reporter: Reporter) -> nn.Module:
    """Train the run's network on `examples`, from its newest checkpoint to its last epoch.

    Args:
        run: the run; its history, checkpoints, log and weights are written to its folder.
        examples: the training part of the run's data set.
        reporter: is told a line an epoch.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed; the step was finished, the newest checkpoint is kept.
    """
    recipe, log = run.recipe, RunLog(run.log)
    images, labels = torch.from_numpy(examples.images), torch.from_numpy(examples.labels)
    validation = torch.from_numpy(run.split.validation)
    steps = -(-len(run.split.train) // recipe.batch_size)
    network = build_network(recipe.network, recipe.seed)
    optimizer = build_optimizer(network, recipe.optimizer)
    reporter.say(summary_table(network))

    with _torch_settings(run.environment.threads, recipe.seed), deferred_interrupt() as interrupt:
        history = _restore(run, network, optimizer, reporter)
        log.write("training", epochs_done=len(history))
        for epoch in range(len(history) + 1, recipe.epochs + 1):
            network.train()
            answers: list[Tensor] = []
            order = epoch_order(run.split.train, recipe.seed, epoch)
            started = time.perf_counter()
            for step, batch in enumerate(
                batches(images, labels, order, recipe.batch_size), start=1
            ):
                answers.append(train_step(network, optimizer, *batch))
                reporter.step(f"Epoch {epoch}/{recipe.epochs}", step, steps)
                if interrupt.requested:
                    raise KeyboardInterrupt
            seconds = time.perf_counter() - started

            loss, accuracy = _loss_and_accuracy(torch.cat(answers), labels[order])
            val_loss, val_accuracy = _validate(network, images, labels, validation)
            result = EpochResult(
                epoch=epoch,
                seconds=seconds,
                milliseconds_per_step=1000 * seconds / steps,
                accuracy=accuracy,
                loss=loss,
                val_accuracy=val_accuracy,
                val_loss=val_loss,
            )
            history.append(result)
            write_history(run.history, history)
            save_checkpoint(run.checkpoints, epoch, network, optimizer)
            log.write("epoch", **asdict(result))
            reporter.say(result.line(recipe.epochs))
            if interrupt.requested:
                raise KeyboardInterrupt
    save_weights(run, network)
    log.write("trained")
    return network.eval()


def train_step(
    network: nn.Module, optimizer: torch.optim.Optimizer, inputs: Tensor, targets: Tensor
) -> Tensor:
    """Learn from one batch; return the logits that were given before that."""
    logits: Tensor = network(inputs)
    loss = functional.cross_entropy(logits, targets)
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    optimizer.step()
    return logits.detach()


@torch.inference_mode()
def _validate(
    network: nn.Module, images: Tensor, labels: Tensor, validation: Tensor
) -> tuple[float, float]:
    """Return the mean loss and the accuracy on the validation images."""
    network.eval()
    parts = batches(images, labels, validation, _VALIDATION_BATCH)
    answers = [network(inputs) for inputs, _ in parts]
    return _loss_and_accuracy(torch.cat(answers), labels[validation])


def _loss_and_accuracy(logits: Tensor, targets: Tensor) -> tuple[float, float]:
    """Return the mean cross-entropy (nats) and the share of right answers."""
    loss = functional.cross_entropy(logits, targets)
    return loss.item(), (logits.argmax(1) == targets).double().mean().item()


def _restore(
    run: Run, network: nn.Module, optimizer: torch.optim.Optimizer, reporter: Reporter
) -> list[EpochResult]:
    """Bring back the newest whole checkpoint; return the history up to its epoch."""
    for path in find_checkpoints(run.checkpoints):
        try:
            epoch = load_checkpoint(path, network, optimizer)
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
def _torch_settings(threads: int, seed: int) -> Iterator[None]:
    """Set torch's threads, random state and rounding for a training, and set them back."""
    threads_before = torch.get_num_threads()
    torch.set_num_threads(threads)
    # Adam's moments of pixels that are always blank decay to denormal numbers, which are slow.
    torch.set_flush_denormal(True)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(threads_before)
