"""ONNX files from other tools: which input they expect, and whether they return logits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tendigits.classifiers.classifier import Logits
from tendigits.classifiers.predictions import log_softmax
from tendigits.data import CLASSES, IMAGE_SIZE, LabelledImages
from tendigits.errors import ModelError

if TYPE_CHECKING:
    import onnx

PROBE_IMAGES = 1000
MIN_ACCURACY = 0.5
_NEAR = 0.01  # in accuracy, and in nats
# Mean and standard deviation of the pixels of MNIST's training images; often used to standardise.
_MEAN, _DEVIATION = 0.1307, 0.3081
# Common ways to scale grey levels in [0, 1], the most common first: factor and offset.
SCALES = {
    "0 for paper, 1 for full ink": (1.0, 0.0),
    "standardised: minus 0.1307, divided by 0.3081": (1 / _DEVIATION, -_MEAN / _DEVIATION),
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
    """The input that a file expects and the scores that it returns.

    Attributes:
        input: the name of the input.
        output: the name of the output with the ten scores.
        shape: the shape of one image.
        type: the type of the pixels.
        batch: the fixed batch size; None for any number of images.
        scale: the factor for grey levels in [0, 1].
        shift: the offset that is added afterwards.
        probabilities: whether the scores are probabilities; otherwise logits or log-probabilities.
        assumptions: all of this in words.
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
        """Whether the input is float32 with any batch size."""
        return self.type is np.float32 and self.batch is None


def find_input_form(
    session: onnxruntime.InferenceSession, labelled: LabelledImages, name: str
) -> InputForm:
    """Find the input form of a file, with the scaling that fits 1,000 labelled images best.

    Args:
        session: runs the file.
        labelled: training images, of which the first 1,000 are used; never test images.
        name: the name of the file in error messages.

    Raises:
        ModelError: the input is not 28x28 images, there are no ten scores, it cannot be run on
            several images, or less than half of the predictions are correct with every scaling.
    """
    entry, shape, batch = _image_input(session, name)
    output = _ten_scores(session, name)
    kind = _TYPES[entry.type]
    probed = LabelledImages(labelled.images[:PROBE_IMAGES], labelled.labels[:PROBE_IMAGES])
    scales = SCALES if kind is not np.uint8 else {"0 for paper, 255 for full ink": (255.0, 0.0)}
    trials = []
    for words, (scale, shift) in scales.items():
        form = InputForm(entry.name, output, shape, kind, batch, scale, shift, False, (words,))
        trials.append(_try(session, form, probed, name))
    best = _best_trial(trials)
    if best.accuracy < MIN_ACCURACY:
        raise ModelError(
            f"{name} classifies only {100 * best.accuracy:.0f} % of MNIST's training images "
            "correctly, with any scaling; use a classifier of digits with scores from 0 to 9."
        )
    return _described(best, len(trials))


def run_onnx(
    session: onnxruntime.InferenceSession, form: InputForm, images: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Return the scores (n, 10) of a file for images (n, 28, 28) uint8."""
    size = form.batch or PROBE_IMAGES
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
    return np.concatenate(parts).astype(np.float32) if parts else np.empty((0, CLASSES), np.float32)


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
            f"{name} has the inputs {found}; use a model with one input for images, of shape "
            f"{' or '.join(_SHAPES.values())}."
        )
    batch = inputs[0].shape[0]
    return inputs[0], shape, batch if isinstance(batch, int) else None


def _ten_scores(session: onnxruntime.InferenceSession, name: str) -> str:
    outputs = session.get_outputs()
    for output in outputs:
        if len(output.shape) == 2 and output.shape[1] == CLASSES:
            return str(output.name)
    found = ", ".join(f"{each.name} {each.shape}" for each in outputs)
    raise ModelError(
        f"{name} has the outputs {found}; use a model with ten scores per image, (n, 10)."
    )


@dataclass(frozen=True)
class _Trial:
    """An input form, with accuracy and negative log-likelihood on training images."""

    form: InputForm
    accuracy: float
    loss: float


def _try(
    session: onnxruntime.InferenceSession, form: InputForm, labelled: LabelledImages, name: str
) -> _Trial:
    try:
        scores = run_onnx(session, form, labelled.images)
    except Exception as error:  # ONNX Runtime's errors have no common class but this one
        raise _cannot_run(name, len(labelled)) from error
    if scores.shape != (len(labelled), CLASSES):
        raise _cannot_run(name, len(labelled))
    sums = scores.sum(axis=1)
    probabilities = bool((scores >= 0).all() and np.allclose(sums, 1, atol=1e-3))
    form = replace(form, probabilities=probabilities)
    log_probabilities = log_softmax(_to_logits(scores, form))
    of_labels = log_probabilities[np.arange(len(labelled)), labelled.labels]
    return _Trial(
        form=form,
        accuracy=float((scores.argmax(axis=1) == labelled.labels).mean()),
        loss=float(-of_labels.mean(dtype=np.float64)),
    )


def _cannot_run(name: str, images: int) -> ModelError:
    return ModelError(
        f"{name} cannot be run on {images:,} images; export it again with a free batch size."
    )


def _best_trial(trials: Sequence[_Trial]) -> _Trial:
    """Return the most common form of those about as good as the best, in accuracy and loss.

    Accuracy alone is not enough: a ReLU network predicts nearly the same classes for images that
    are 255 times as bright, but its confidence is far too high.
    """
    most = max(each.accuracy for each in trials)
    good = [each for each in trials if each.accuracy >= most - _NEAR]
    least = min(each.loss for each in good)
    return next(each for each in good if each.loss <= least + _NEAR)


def _to_logits(scores: NDArray[np.float32], form: InputForm) -> NDArray[np.float32]:
    return np.log(np.maximum(scores, np.float32(1e-30))) if form.probabilities else scores


def _described(trial: _Trial, tried: int) -> InputForm:
    form = trial.form
    scores = "probabilities" if form.probabilities else "logits or log-probabilities"
    assumptions = (
        f"Input `{form.input}`: {np.dtype(form.type).name} {_SHAPES[form.shape]}, "
        f"{form.assumptions[0]} (accuracy {100 * trial.accuracy:.1f} % on {PROBE_IMAGES:,} "
        f"training images; scalings tried: {tried}).",
        f"Output `{form.output}`: taken as {scores} of the digits 0 to 9.",
    )
    return replace(form, assumptions=assumptions)


def count_weights(model: "onnx.ModelProto") -> int:
    """Return the number of floating-point weights in the graph."""
    import onnx  # noqa: PLC0415 - it comes with the extra [train]

    floats = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16)
    return sum(
        int(np.prod(each.dims, dtype=np.int64))
        for each in model.graph.initializer
        if each.data_type in floats and len(each.dims)
    )
