"""What a fine-tuning did: to the images held out, and to the corrections themselves."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tendigits.classifiers.model_file import load_model_bytes
from tendigits.data import CLASSES, LabelledImages
from tendigits.feedback.corrections import Corrections
from tendigits.training.fine_tuning import learnable, load_start
from tendigits.training.predict import log_probabilities
from tendigits.training.run import Run, load_network

Answer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


def describe_fine_tuning(run: Run, examples: LabelledImages) -> str:
    """Return in lines what a run's model answered before and answers after.

    Args:
        run: a fine-tuning that is trained.
        examples: the training part of its data set; those held out are measured on.
    """
    start = load_start(run)
    old, network = load_model_bytes(start.model, "the model"), load_network(run)

    def before(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return old.logits(images)

    def after(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return log_probabilities(network, images)

    chosen = run.split.validation
    images, labels = examples.images[chosen], examples.labels[chosen]
    shares = [(_digits(answer(images)) == labels).mean() for answer in (before, after)]
    corrections = learnable(start.corrections, run.recipe)
    lines = [
        f"Validation accuracy ({run.data.name}, {len(chosen):,} images): {100 * shares[0]:.2f}% "
        f"before, {100 * shares[1]:.2f}% after",
        _line("Corrections learnt from", corrections.learnt, before, after),
        _line("Corrections held out", corrections.held_out, before, after),
    ]
    left_out = len(start.corrections) - len(corrections)
    if left_out:
        lines.append(f"{left_out} corrections of no digit were left out: the model cannot reject.")
    return "\n".join(lines)


def _line(title: str, corrections: Corrections, before: Answer, after: Answer) -> str:
    right = [
        int((answer(corrections.frames).argmax(axis=1) == corrections.labels).sum())
        for answer in (before, after)
    ]
    return f"{title}: {right[0]} of {len(corrections)} right before, {right[1]} after"


def _digits(answers: NDArray[np.float32]) -> NDArray[np.int64]:
    digits: NDArray[np.int64] = answers[:, :CLASSES].argmax(axis=1)
    return digits
