"""The training loop of a finder. It does not depend on run folders or the terminal."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn

from tendigits.data.pages import GlyphSet
from tendigits.recipes import Recipe
from tendigits.training.environment import wait_for
from tendigits.training.finder_loss import FinderLoss, finder_loss
from tendigits.training.finder_pages import (
    PageBatch,
    to_batch,
    training_batches,
    validation_pages,
)
from tendigits.training.fit import TrainingState, reject_divergence, reproducible
from tendigits.training.history import EpochResult, StepTimes, has_stalled
from tendigits.training.optimizers import follow_schedule

_LARGEST_GRADIENT = 5.0  # the norm that gradients are scaled down to


@dataclass(frozen=True, eq=False)
class FinderGlyphs:
    """The glyphs of a training.

    Attributes:
        training: those that the network is trained on.
        validation: those by other writers, on which it is measured.
    """

    training: GlyphSet
    validation: GlyphSet


def fit_finder(
    state: TrainingState,
    glyphs: FinderGlyphs,
    recipe: Recipe,
    *,
    workers: int = 1,
    precision: torch.dtype = torch.float32,
    on_step: Callable[[int, int, int], None] | None = None,
    on_epoch: Callable[[EpochResult], None] | None = None,
) -> nn.Module:
    """Train a finder from `state` to the last epoch of `recipe`, or until it stalls.

    The same state, glyphs and recipe give the same weights, with the same number of torch's
    threads; resumed from the state after any epoch, too.

    Args:
        state: the network and what belongs to it; it is changed.
        glyphs: what the pages are made of.
        recipe: a recipe with pages.
        workers: the number of processes that make pages.
        precision: the type of the network's convolutions.
        on_step: is called after each step with the epoch, the step, and the steps per epoch. It
            may raise to stop the training.
        on_epoch: is called after each epoch with its result, when `state` is complete.

    Returns:
        The trained network in evaluation mode; the results are in `state.history`. Of an epoch's
        result, `loss` is the mean sum of the losses of `finder_loss`, and `accuracy` the fraction
        of characters whose class is the most probable one in the middle of the character.

    Raises:
        RunError: the loss is NaN or infinite after an epoch.
    """
    assert recipe.pages is not None
    device, steps = next(state.network.parameters()).device, recipe.pages.steps_per_epoch
    validation = [to_batch(pages) for pages in validation_pages(glyphs.validation, recipe)]
    first = len(state.history) * steps
    made = training_batches(glyphs.training, recipe, first, workers, pin=device.type == "cuda")
    with reproducible(state, recipe.seed):
        for epoch in range(len(state.history) + 1, recipe.epochs + 1):
            if has_stalled(state.history, recipe.patience):
                break
            state.network.train()
            results: list[Tensor] = []
            batches = _TimedBatches(made, steps)
            started = time.perf_counter()
            for step, batch in enumerate(batches, start=1):
                follow_schedule(state.optimizer, recipe, epoch, step, steps)
                results.append(_train_step(state, batch.to(device), precision))
                if on_step is not None:
                    on_step(epoch, step, steps)
            wait_for(device)
            seconds = time.perf_counter() - started

            loss, accuracy = _means(results)
            reject_divergence(epoch, loss)
            val_loss, val_accuracy = _validate(state.trained, validation, precision)
            time_spent = StepTimes(seconds, batches.seconds, steps, steps * recipe.batch_size)
            result = time_spent.result(epoch, loss, accuracy, val_loss, val_accuracy)
            state.finish_epoch(result)
            if on_epoch is not None:
                on_epoch(result)
    return state.trained.eval()


class _TimedBatches:
    """The next batches of an iterator, and the seconds for which they were waited for."""

    def __init__(self, batches: Iterator[PageBatch], count: int) -> None:
        self._batches, self._count = batches, count
        self.seconds = 0.0

    def __iter__(self) -> Iterator[PageBatch]:
        started = time.perf_counter()
        for batch in islice(self._batches, self._count):
            self.seconds += time.perf_counter() - started
            yield batch
            started = time.perf_counter()


def _train_step(state: TrainingState, batch: PageBatch, precision: torch.dtype) -> Tensor:
    """Train on one batch; return the figures of `FinderLoss.detached`."""
    loss = _loss(state.network, batch, precision)
    state.optimizer.zero_grad()
    torch.autograd.backward(loss.total)
    nn.utils.clip_grad_norm_(state.network.parameters(), _LARGEST_GRADIENT)
    state.optimizer.step()
    if state.average is not None:
        state.average.update_parameters(state.network)
    return loss.detached()


def _loss(network: nn.Module, batch: PageBatch, precision: torch.dtype) -> FinderLoss:
    pages = batch.pages[:, None].float().contiguous(memory_format=torch.channels_last)
    with torch.autocast(pages.device.type, precision, enabled=precision != torch.float32):
        maps = network(pages)
    return finder_loss(maps, batch)


def _validate(
    network: nn.Module, batches: Sequence[PageBatch], precision: torch.dtype
) -> tuple[float, float]:
    network.eval()
    device = next(network.parameters()).device
    with torch.no_grad():
        return _means([_loss(network, batch.to(device), precision).detached() for batch in batches])


def _means(results: Sequence[Tensor]) -> tuple[float, float]:
    """Return the mean loss and the accuracy of the figures of `FinderLoss.detached`."""
    losses, correct, characters = torch.stack(list(results)).double().cpu().unbind(1)
    return losses.mean().item(), (correct.sum() / characters.sum().clamp(min=1)).item()
