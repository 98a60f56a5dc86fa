"""The model file: one ONNX file that runs anywhere and says all about itself."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from pydantic import Field, PositiveFloat, PositiveInt, TypeAdapter, ValidationError

from tendigits.datasets import CLASSES, IMAGE_SIZE
from tendigits.errors import ModelError
from tendigits.reading.seal import is_whole

METADATA_KEY = "tendigits"
FORMAT: Literal[1] = 1
MAX_BYTES = 512 * 2**20
INPUT, LOGITS, PROBABILITIES = "images", "logits", "probabilities"
_BATCH = 250  # what stays in the caches; `tiny` is twice as fast as with 1,000
_SHIPPED = Path(__file__).parent.parent / "models"


@dataclass(frozen=True)
class TestFigures:
    """How good a model was on the test set, opened once.

    Attributes:
        accuracy: the share of right answers, from 0 to 1.
        loss: mean cross-entropy in nats, before the temperature; None where it is no number.
        examples: how many images were tested.
    """

    accuracy: float
    loss: float | None
    examples: PositiveInt


@dataclass(frozen=True)
class ModelInfo:
    """What a model file says of itself.

    Attributes:
        format: the version of this record.
        name: the recipe's name.
        description: what the recipe is, in a sentence.
        classes: what the ten outputs mean, in order.
        input: what an image handed to the model looks like.
        preprocessing: the version of the way in which a picture becomes such an image.
        temperature: what the logits are divided by to become probabilities, fitted on the
            validation images; 1 where none were held out.
        threshold: digits that are less probable than this are to be refused; set on the
            validation images, 0 where none were held out.
        refuses: whether an eleventh logit stands for what is no digit. The probabilities are
            those of the ten digits, and sum to less than 1 then.
        precision: the type of the products in the file.
        parameters: how many trained numbers there are.
        multiply_adds: the multiplications, each with its addition, that an image costs.
        recipe: every setting of the training.
        test: the trained network's figures on the test set, before the export.
        validation_accuracy: on the images held out, before the export; None without them.
        exported_accuracy: on the same held-out images, of this file; None without them.
        held_out_sha256: of the sorted indices (int64, little endian) of the images held out.
        data: the data set's name.
        data_sha256: SHA-256 of each of its parts as an unpacked IDX file.
        data_licence: the licence of the data, where it is known.
        versions: the versions of tendigits and of the libraries that trained and exported it.
        git_revision: the commit that trained it, where it was run from a checkout.
    """

    format: Literal[1]
    name: str
    description: str
    classes: Annotated[tuple[str, ...], Field(min_length=CLASSES, max_length=CLASSES)]
    input: str
    preprocessing: PositiveInt
    temperature: PositiveFloat
    threshold: Annotated[float, Field(ge=0, le=1)]
    refuses: bool
    precision: Literal["float32", "int8"]
    parameters: PositiveInt
    multiply_adds: PositiveInt
    recipe: dict[str, Any]
    test: TestFigures
    validation_accuracy: float | None
    exported_accuracy: float | None
    held_out_sha256: str
    data: str
    data_sha256: dict[str, str]
    data_licence: str
    versions: dict[str, str]
    git_revision: str | None


class Model:
    """A model file, loaded once, that answers to many images; safe to share among threads.

    Attributes:
        info: what it says of itself.
    """

    def __init__(self, session: onnxruntime.InferenceSession, info: ModelInfo) -> None:
        """Answer with `session`; `load_model` makes both."""
        self.info = info
        self._session = session

    def logits(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n, 10) logits for inputs (n, 1, 28, 28) as `scaled` makes them.

        A model that refuses gives an eleventh, for what is no digit.
        """
        return self._run(LOGITS, inputs)

    def probabilities(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the (n, 10) probabilities of the digits, for inputs as `logits` takes them."""
        return self._run(PROBABILITIES, inputs)

    def _run(self, output: str, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        parts = [
            self._session.run([output], {INPUT: inputs[start : start + _BATCH]})[0]
            for start in range(0, len(inputs), _BATCH)
        ]
        width = CLASSES + (self.info.refuses and output == LOGITS)
        return np.concatenate(parts) if parts else np.empty((0, width), np.float32)


def scaled(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return grey levels (n, 28, 28) uint8 as the model's input (n, 1, 28, 28) in [0, 1]."""
    return images[:, np.newaxis].astype(np.float32) / np.float32(255)


def load_model(path: str | Path, threads: int | None = None) -> Model:
    """Load a model file; nothing in it is executed but its network.

    Args:
        path: what `tendigits export` wrote, or the name of a model that comes with the package.
        threads: how many threads to compute with; one for each core when None.

    Raises:
        ModelError: it is no model file of tendigits, or damaged.
    """
    found = shipped_models().get(str(path), Path(path))
    return load_model_bytes(model_bytes(found), str(path), threads)


def shipped_models() -> dict[str, Path]:
    """Return the model files that come with the package, by name."""
    return {path.stem: path for path in sorted(_SHIPPED.glob("*.onnx"))}


def shipped_reports() -> dict[str, Path]:
    """Return the report.json of each model file that comes with the package, by name."""
    return {name: path.with_suffix(".json") for name, path in shipped_models().items()}


def load_model_bytes(data: bytes, name: str, threads: int | None = None) -> Model:
    """Load a model file's content; `name` is what errors call it.

    Raises:
        ModelError: it is no model file of tendigits, or damaged.
    """
    if not is_whole(data):
        raise ModelError(
            f"{name} is damaged, or was not made by `tendigits export`; export it anew."
        )
    session = open_session(data, name, threads)
    metadata = session.get_modelmeta().custom_metadata_map
    info = _read_info(metadata.get(METADATA_KEY, ""), name)
    _check_form(session, info, name)
    return Model(session, info)


def describes_itself(data: bytes, name: str) -> bool:
    """Tell whether an ONNX file's content says all about itself, as an export of ours does.

    Raises:
        ModelError: it is no ONNX file, or damaged.
    """
    metadata = open_session(data, name).get_modelmeta().custom_metadata_map
    return METADATA_KEY in metadata


def open_session(
    data: bytes, name: str, threads: int | None = None
) -> onnxruntime.InferenceSession:
    """Return what runs an ONNX file's content; `name` is what errors call it.

    Raises:
        ModelError: it is no ONNX file, or damaged.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        # From memory, so that a file cannot point at other files.
        session = onnxruntime.InferenceSession(
            data, options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
        session.get_modelmeta()  # texts that are none are told here
    except Exception as error:  # ONNX Runtime's errors share no narrower class
        raise ModelError(f"{name} is no ONNX file that can be run; export it anew.") from error
    return session


def model_bytes(path: str | Path) -> bytes:
    """Return the content of a model file, of bounded size.

    Raises:
        ModelError: it cannot be read, or is too large to be one.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > MAX_BYTES:
        raise ModelError(f"{path} is larger than {MAX_BYTES >> 20} MiB; that is no model file.")
    return data


def _check_form(session: onnxruntime.InferenceSession, info: ModelInfo, name: str) -> None:
    inputs = [(each.name, each.type, each.shape[1:]) for each in session.get_inputs()]
    outputs = {each.name: (each.type, each.shape[1:]) for each in session.get_outputs()}
    if inputs != [(INPUT, "tensor(float)", [1, IMAGE_SIZE, IMAGE_SIZE])] or outputs != {
        LOGITS: ("tensor(float)", [CLASSES + info.refuses]),
        PROBABILITIES: ("tensor(float)", [CLASSES]),
    }:
        raise ModelError(f"{name} has other inputs or outputs than a model file; export it anew.")


def _read_info(metadata: str, name: str) -> ModelInfo:
    try:
        return TypeAdapter(ModelInfo).validate_json(metadata, strict=True, extra="forbid")
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ModelError(
            f"{name} says something else of itself than this version reads ({place}: "
            f"{first['msg'].lower()}); export it anew."
        ) from error
