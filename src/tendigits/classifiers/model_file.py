"""The model file: one ONNX file with embedded metadata and a checksum."""

import hashlib
import os
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tendigits.classifiers.classifier import Classifier, Logits, Origin
from tendigits.classifiers.model_info import ModelInfo, info_of_pretrained, parse_info
from tendigits.data import CLASSES, IMAGE_SIZE
from tendigits.errors import ModelError

METADATA_KEY = "tendigits"
MAX_BYTES = 512 * 2**20
INPUT, LOGITS, PROBABILITIES = "images", "logits", "probabilities"
_BATCH = 250  # fits into the CPU caches; `tiny` runs twice as fast as with 1,000
_SHIPPED = Path(__file__).parent.parent / "pretrained"
# The checksum is the last entry of metadata_props (field 14 of ONNX's ModelProto), encoded here
# byte by byte as protocol buffers do, so that it can be checked before the file is parsed.
_CHECKSUM_KEY = b"tendigits.sha256"
_CHECKSUM_DIGITS = 64
_ENTRY = bytes([0x0A, len(_CHECKSUM_KEY)]) + _CHECKSUM_KEY + bytes([0x12, _CHECKSUM_DIGITS])
_CHECKSUM_START = bytes([14 << 3 | 2, len(_ENTRY) + _CHECKSUM_DIGITS]) + _ENTRY


def load_model_file(path: str | Path, threads: int | None = None) -> Classifier:
    """Load a model file. Only its network is executed.

    Args:
        path: a file that `tendigits export` wrote, or the name of a pretrained model.
        threads: how many threads to compute with; one per core when None.

    Raises:
        ModelError: it is damaged, or was not written by `tendigits export`.
    """
    shipped = pretrained_models().get(str(path))
    data = read_model(shipped or path)
    return load_model_bytes(data, str(path), threads, is_pretrained=shipped is not None)


def load_model_bytes(
    data: bytes, name: str, threads: int | None = None, *, is_pretrained: bool = False
) -> Classifier:
    """Load the content of a model file; error messages call it `name`.

    Args:
        data: the content.
        name: what error messages call it.
        threads: how many threads to compute with; one per core when None.
        is_pretrained: whether the file ships with the package.

    Raises:
        ModelError: it is damaged, or was not written by `tendigits export`.
    """
    if not has_valid_checksum(data):
        raise ModelError(
            f"{name} is damaged, or was not made by `tendigits export`; export it again."
        )
    session = open_session(data, name, threads)
    metadata = _metadata(session, name).get(METADATA_KEY, "")
    info = info_of_pretrained(metadata) if is_pretrained else parse_info(metadata, name)
    _check_shapes(session, info, name)
    return Classifier(
        name=info.name,
        class_names=info.classes,
        logits=_logits(session, CLASSES + info.rejects),
        temperature=info.temperature if info.validation_accuracy is not None else None,
        threshold=info.threshold,
        parameters=info.parameters,
        multiply_adds=info.multiply_adds,
        bytes=len(data),
        origin=Origin(
            kind="model file",
            file=Path(name).name,
            sha256=hashlib.sha256(data).hexdigest(),
            description=info.description,
            recipe=info.recipe,
            data=info.data,
            data_sha256=info.data_sha256,
            made_with={"revision": info.git_revision or "unknown", **info.versions},
            weights_sha256=info.weights_sha256,
        ),
        data_source=info.data,
        metadata=info,
    )


def pretrained_models() -> dict[str, Path]:
    """Return the paths of the pretrained models in the package, by name."""
    return {path.stem: path for path in sorted(_SHIPPED.glob("*.onnx"))}


def pretrained_reports() -> dict[str, Path]:
    """Return the paths of the full reports (JSON) on the pretrained models, by name."""
    return {name: path.with_suffix(".json") for name, path in pretrained_models().items()}


def weights_beside(path: Path) -> Path:
    """Return the path of the trained weights (safetensors) that belong to the model file `path`."""
    return path.with_suffix(".safetensors")


def read_model(path: str | Path) -> bytes:
    """Return the content of an ONNX file of at most 512 MiB.

    Raises:
        ModelError: it cannot be read, or is larger.
    """
    try:
        with Path(path).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = b"" if size > MAX_BYTES else file.read(MAX_BYTES + 1)
    except IsADirectoryError as error:
        raise ModelError(
            f"{path} is a folder; of a run, give the model file: tendigits export {path} -o FILE."
        ) from error
    except FileNotFoundError as error:
        raise ModelError(
            f"There is no model file {path}; pretrained models are "
            f"{', '.join(pretrained_models())}."
        ) from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.") from error
    if max(size, len(data)) > MAX_BYTES:
        raise ModelError(f"{path} is larger than {MAX_BYTES >> 20} MiB; give a smaller model.")
    return data


def is_model_file(data: bytes, name: str) -> bool:
    """Return whether the content of an ONNX file has the metadata of `tendigits export`.

    Raises:
        ModelError: it is damaged, or not an ONNX file.
    """
    return METADATA_KEY in _metadata(open_session(data, name), name)


def _metadata(session: onnxruntime.InferenceSession, name: str) -> dict[str, str]:
    try:
        metadata: dict[str, str] = session.get_modelmeta().custom_metadata_map
    except UnicodeDecodeError:
        raise ModelError(
            f"{name} is damaged: its metadata is not UTF-8; export it again."
        ) from None
    return metadata


def open_session(
    data: bytes, name: str, threads: int | None = None
) -> onnxruntime.InferenceSession:
    """Return a session that runs the content of an ONNX file; error messages call it `name`.

    Raises:
        ModelError: it is damaged, or not an ONNX file.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # fatal only: errors are raised, not logged
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        # From memory, so that a file cannot load weights from other files.
        session = onnxruntime.InferenceSession(
            data, options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
        session.get_modelmeta()  # raises if a string is not UTF-8
    except Exception as error:  # the errors of ONNX Runtime have no common base class
        raise ModelError(f"{name} is not an ONNX file that can be run; export it again.") from error
    return session


def to_inputs(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return images (n, 28, 28) uint8 as network inputs (n, 1, 28, 28) float32 in [0, 1]."""
    return images[:, np.newaxis].astype(np.float32) / np.float32(255)


def with_checksum(content: bytes) -> bytes:
    """Return the content of an ONNX file with its SHA-256 appended as an entry of its metadata."""
    return content + _CHECKSUM_START + hashlib.sha256(content).hexdigest().encode()


def has_valid_checksum(content: bytes) -> bool:
    """Return whether a file ends with the checksum of the rest of its content."""
    return content == with_checksum(content[: -len(_CHECKSUM_START) - _CHECKSUM_DIGITS])


def _logits(session: onnxruntime.InferenceSession, outputs: int) -> Logits:
    def logits(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        parts = [
            session.run([LOGITS], {INPUT: to_inputs(images[start : start + _BATCH])})[0]
            for start in range(0, len(images), _BATCH)
        ]
        return np.concatenate(parts) if parts else np.empty((0, outputs), np.float32)

    return logits


def _check_shapes(session: onnxruntime.InferenceSession, info: ModelInfo, name: str) -> None:
    inputs = [(each.name, each.type, each.shape[1:]) for each in session.get_inputs()]
    outputs = {each.name: (each.type, each.shape[1:]) for each in session.get_outputs()}
    if inputs != [(INPUT, "tensor(float)", [1, IMAGE_SIZE, IMAGE_SIZE])] or outputs != {
        LOGITS: ("tensor(float)", [CLASSES + info.rejects]),
        PROBABILITIES: ("tensor(float)", [CLASSES]),
    }:
        raise ModelError(
            f"{name} has inputs or outputs that a model file does not have; export it again."
        )
