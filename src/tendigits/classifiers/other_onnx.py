"""An ONNX file without metadata of ours: how it takes images and what its ten scores are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tendigits.classifiers.classifier import Logits
from tendigits.classifiers.predictions import log_softmax
from tendigits.data import CLASSES, IMAGE_SIZE, LabelledImages
from tendigits.errors import ModelError

PROBED = 1000
LEAST_ACCURACY = 0.5
_NEAR = 0.01  # in accuracy, and in nats
# What MNIST's training pixels are, in mean and standard deviation; many subtract and divide by it.
_MEAN, _DEVIATION = 0.1307, 0.3081
# The ways to scale grey levels from 0 to 1 that are met, the most usual first: times, plus.
SCALES = {
    "0 for paper, 1 for full ink": (1.0, 0.0),
    "less 0.1307, over 0.3081 (MNIST's mean and deviation)": (1 / _DEVIATION, -_MEAN / _DEVIATION),
    "-1 for paper, 1 for full ink": (2.0, -1.0),
    "0 for paper, 255 for full ink": (255.0, 0.0),
    "1 for paper, 0 for full ink": (-1.0, 1.0),
    "255 for paper, 0 for full ink": (-255.0, 255.0),
}
_TYPES: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
}
_SHAPES = {
    (1, IMAGE_SIZE, IMAGE_SIZE): "(n, 1, 28, 28)",
    (IMAGE_SIZE, IMAGE_SIZE, 1): "(n, 28, 28, 1)",
    (IMAGE_SIZE, IMAGE_SIZE): "(n, 28, 28)",
    (IMAGE_SIZE * IMAGE_SIZE,): "(n, 784)",
}


@dataclass(frozen=True)
class InputForm:
    """How a file takes images and what it gives.

    Attributes:
        input: the name of its input.
        output: the name of the output that holds ten scores.
        shape: the shape of one image.
        type: the type of the pixels.
        batch: how many images it takes at once; None for any number.
        scale: what grey levels from 0 to 1 are multiplied by.
        shift: what is added then.
        probabilities: whether the scores are probabilities, not logits or their logarithms.
        assumptions: all that, in words.
    """

    input: str
    output: str
    shape: tuple[int, ...]
    type: type[np.generic]
    batch: int | None
    scale: float
    shift: float
    probabilities: bool
    assumptions: tuple[str, ...]

    @property
    def is_differentiable(self) -> bool:
        """Whether it takes batches of any size in float32."""
        return self.type is np.float32 and self.batch is None


def find_input_form(
    session: onnxruntime.InferenceSession, examples: LabelledImages, name: str
) -> InputForm:
    """Find out how a file takes images, by trying it on the first 1,000 of `examples`.

    Args:
        session: what runs the file.
        examples: training images; nothing is tried on test images.
        name: what errors call the file.

    Raises:
        ModelError: it takes no 28x28 images, gives no ten scores, or answers at random.
    """
    entry, shape, batch = _image_input(session, name)
    output = _ten_scores(session, name)
    kind = _TYPES[entry.type]
    probed = LabelledImages(examples.images[:PROBED], examples.labels[:PROBED])
    scales = SCALES if kind is not np.uint8 else {"0 for paper, 255 for full ink": (255.0, 0.0)}
    trials = []
    for words, (scale, shift) in scales.items():
        form = InputForm(entry.name, output, shape, kind, batch, scale, shift, False, (words,))
        trials.append(_try(session, form, probed))
    best = _likeliest(trials)
    if best.accuracy < LEAST_ACCURACY:
        raise ModelError(
            f"{name} tells {100 * best.accuracy:.0f} % of MNIST's training digits, however they "
            "are scaled; give a classifier of MNIST's digits whose ten scores stand from 0 to 9."
        )
    return _described(best)


def run_onnx(
    session: onnxruntime.InferenceSession, form: InputForm, images: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Return the file's scores (n, 10) for images (n, 28, 28) uint8."""
    size = form.batch or PROBED
    parts = []
    for start in range(0, len(images), size):
        chunk = images[start : start + size]
        missing = (form.batch or 0) - len(chunk)
        if missing > 0:
            chunk = np.concatenate([chunk, np.zeros((missing, *chunk.shape[1:]), np.uint8)])
        levels = chunk.astype(np.float64) / 255 * form.scale + form.shift
        inputs = np.rint(levels) if form.type is np.uint8 else levels
        inputs = inputs.astype(form.type).reshape(-1, *form.shape)
        scores = session.run([form.output], {form.input: inputs})[0]
        parts.append(scores[: len(images) - start])
    return np.concatenate(parts).astype(np.float32)


def onnx_logits(session: onnxruntime.InferenceSession, form: InputForm) -> Logits:
    """Return a function from images (n, 28, 28) uint8 to logits (n, 10)."""

    def logits(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return _to_logits(run_onnx(session, form, images), form)

    return logits


def _image_input(
    session: onnxruntime.InferenceSession, name: str
) -> tuple[Any, tuple[int, ...], int | None]:
    inputs = session.get_inputs()
    shape = tuple(inputs[0].shape[1:]) if len(inputs) == 1 else ()
    if shape not in _SHAPES or inputs[0].type not in _TYPES:
        found = ", ".join(f"{each.type} {each.shape}" for each in inputs)
        raise ModelError(
            f"{name} takes {found}; give a model that takes one batch of images as "
            f"{', '.join(_SHAPES.values())}."
        )
    batch = inputs[0].shape[0]
    return inputs[0], shape, batch if isinstance(batch, int) else None


def _ten_scores(session: onnxruntime.InferenceSession, name: str) -> str:
    outputs = session.get_outputs()
    for output in outputs:
        if len(output.shape) == 2 and output.shape[1] == CLASSES:
            return str(output.name)
    found = ", ".join(f"{each.name} {each.shape}" for each in outputs)
    raise ModelError(f"{name} gives {found}; give a model that gives ten scores an image, (n, 10).")


@dataclass(frozen=True)
class _Trial:
    """A form, and what comes of it: accuracy and negative log-likelihood of training images."""

    form: InputForm
    accuracy: float
    loss: float


def _try(
    session: onnxruntime.InferenceSession, form: InputForm, examples: LabelledImages
) -> _Trial:
    scores = run_onnx(session, form, examples.images)
    sums = scores.sum(axis=1)
    probabilities = bool((scores >= 0).all() and np.allclose(sums, 1, atol=1e-3))
    form = replace(form, probabilities=probabilities)
    log_probabilities = log_softmax(_to_logits(scores, form))
    of_labels = log_probabilities[np.arange(len(examples)), examples.labels]
    return _Trial(
        form=form,
        accuracy=float((scores.argmax(axis=1) == examples.labels).mean()),
        loss=float(-of_labels.mean(dtype=np.float64)),
    )


def _likeliest(trials: Sequence[_Trial]) -> _Trial:
    """Return the most usual of those that tell about as many images as the best.

    The accuracy alone would not do: a network of ReLUs gives nearly the same answers to images
    that are 255 times as bright, but is far too sure of them.
    """
    most = max(each.accuracy for each in trials)
    good = [each for each in trials if each.accuracy >= most - _NEAR]
    least = min(each.loss for each in good)
    return next(each for each in good if each.loss <= least + _NEAR)


def _to_logits(scores: NDArray[np.float32], form: InputForm) -> NDArray[np.float32]:
    return np.log(np.maximum(scores, np.float32(1e-30))) if form.probabilities else scores


def _described(trial: _Trial) -> InputForm:
    form = trial.form
    scores = "probabilities" if form.probabilities else "logits or logarithms of probabilities"
    assumptions = (
        f"Input `{form.input}`: {np.dtype(form.type).name} {_SHAPES[form.shape]}, "
        f"{form.assumptions[0]}: of {len(SCALES)} ways to scale images the one that suits "
        f"{PROBED:,} training images best ({100 * trial.accuracy:.1f} % told).",
        f"Output `{form.output}`: taken for {scores}, the ten columns for the digits 0 to 9.",
    )
    return replace(form, assumptions=assumptions)
