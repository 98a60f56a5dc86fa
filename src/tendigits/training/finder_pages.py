"""The pages that a finder is trained and validated on, in batches that worker processes make."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from tendigits.data.pages import GlyphSet, Page, draw_pages
from tendigits.data.pages.targets import make_targets
from tendigits.recipes import Recipe

_VALIDATION = 1  # separates the random numbers of the validation pages from those of training
_PREFETCHED = 4  # batches per worker that wait for the network


class PageBatch(NamedTuple):
    """Pages of one shape and their targets, of `data.pages.targets`.

    Attributes:
        pages: (n, h, w) uint8.
        heat: (n, h/4, w/4) float32.
        weight: (n, h/4, w/4) float32.
        classes: (n, h/4, w/4) int64.
        boxes: (n, 4, h/4, w/4) float32.
    """

    pages: Tensor
    heat: Tensor
    weight: Tensor
    classes: Tensor
    boxes: Tensor

    def to(self, device: torch.device) -> "PageBatch":
        """Return the batch on a device."""
        return PageBatch(*(each.to(device, non_blocking=True) for each in self))


def training_batches(
    glyphs: GlyphSet, recipe: Recipe, first: int, workers: int, *, pin: bool
) -> Iterator[PageBatch]:
    """Yield the batches of a training; each depends on the recipe's seed and its number alone.

    Args:
        glyphs: what the pages are made of.
        recipe: seed, epochs, steps per epoch, batch size.
        first: the number of the first batch, from 0.
        workers: the number of processes that make pages.
        pin: whether the batches are copied to a GPU.
    """
    assert recipe.pages is not None
    loader = DataLoader(
        _Batches(glyphs, recipe, first, recipe.epochs * recipe.pages.steps_per_epoch - first),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=_PREFETCHED,
        worker_init_fn=_ignore_interrupts,
        pin_memory=pin,
    )
    with _one_thread_of_opencv():
        return iter(loader)


def validation_pages(glyphs: GlyphSet, recipe: Recipe) -> list[list[Page]]:
    """Return the validation pages of a recipe in batches of one shape.

    Args:
        glyphs: what they are made of, from digits that are not trained on.
        recipe: seed, batch size and number of validation pages.
    """
    assert recipe.pages is not None
    count, size = recipe.pages.validation_pages, recipe.batch_size
    return [
        draw_pages(
            glyphs,
            min(size, count - start),
            np.random.default_rng([recipe.seed, start // size, _VALIDATION]),
        )
        for start in range(0, count, size)
    ]


def to_batch(pages: Sequence[Page]) -> PageBatch:
    """Return pages of one shape with their targets."""
    targets = [make_targets(page) for page in pages]
    return PageBatch(
        pages=_stacked([page.picture for page in pages]),
        heat=_stacked([each.heat for each in targets]),
        weight=_stacked([each.weight for each in targets]),
        classes=_stacked([each.classes for each in targets]),
        boxes=_stacked([each.boxes for each in targets]),
    )


class _Batches(Dataset[PageBatch]):
    def __init__(self, glyphs: GlyphSet, recipe: Recipe, first: int, count: int) -> None:
        self._glyphs, self._recipe, self._first, self._count = glyphs, recipe, first, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> PageBatch:
        random = np.random.default_rng([self._recipe.seed, self._first + index])
        return to_batch(draw_pages(self._glyphs, self._recipe.batch_size, random))


@contextmanager
def _one_thread_of_opencv() -> Iterator[None]:
    """Stop the threads of OpenCV: a worker that is forked from a process with some hangs."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _ignore_interrupts(_number: int) -> None:
    # Ctrl-C reaches all processes of a terminal; the training ends the workers after its step.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _stacked(arrays: Sequence[NDArray[np.generic]]) -> Tensor:
    return torch.from_numpy(np.stack(arrays))
