import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tendigits import ModelError
from tendigits.classifiers import ModelInfo, load_model_file, pretrained_models
from tendigits.classifiers.model_file import (
    METADATA_KEY,
    has_valid_checksum,
    is_model_file,
    load_model_bytes,
    pretrained_reports,
    to_inputs,
    weights_beside,
    with_checksum,
)
from tendigits.data import Dataset

Change = Callable[[onnx.ModelProto], None]
TINY = pretrained_models()["tiny"]


def changed_model(change: Change) -> bytes:
    """Return the content of the pretrained `tiny`, changed, with a valid checksum."""
    model = onnx.load(TINY)
    change(model)
    return with_checksum(model.SerializeToString())


def with_info(**changes: object) -> Change:
    """Return a change of the metadata: other values, or keys that do not exist."""

    def change(model: onnx.ModelProto) -> None:
        info = {each.key: each.value for each in model.metadata_props}[METADATA_KEY]
        onnx.helper.set_model_props(
            model, {METADATA_KEY: json.dumps({**json.loads(info), **changes})}
        )

    return change


def with_metadata(text: str) -> Change:
    return lambda model: onnx.helper.set_model_props(model, {METADATA_KEY: text})


def without_metadata(model: onnx.ModelProto) -> None:
    del model.metadata_props[:]


def without_probabilities(model: onnx.ModelProto) -> None:
    del model.graph.output[1]


@pytest.mark.parametrize("name", pretrained_models())
def test_pretrained_models_are_loaded_by_name(name: str) -> None:
    path = pretrained_models()[name]
    classifier = load_model_file(name)
    assert classifier.name == name
    assert classifier.info.rejects == (name == "reader")
    assert classifier.temperature == classifier.info.temperature
    assert classifier.threshold == classifier.info.threshold
    assert classifier.bytes == path.stat().st_size
    assert classifier.origin.kind == "model file"
    assert classifier.origin.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert isinstance(classifier.info, ModelInfo)


@pytest.mark.parametrize("name", pretrained_models())
def test_weights_and_report_lie_beside_each_pretrained_model(name: str) -> None:
    weights = weights_beside(pretrained_models()[name])
    checksum = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert load_model_file(name).info.weights_sha256 == checksum
    assert pretrained_reports()[name].is_file()


def test_one_and_many_images_have_the_same_logits(mnist: Dataset) -> None:
    classifier = load_model_file("tiny", threads=1)
    images = mnist.test.images[:600]  # more than two batches
    together = classifier.logits(images)
    assert together.shape == (600, 10)
    for index in (0, 249, 250, 599):
        alone = classifier.logits(images[index : index + 1])
        np.testing.assert_allclose(together[index], alone[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", pretrained_models())
def test_probabilities_agree_with_those_of_the_file(name: str, mnist: Dataset) -> None:
    import onnxruntime

    images = mnist.test.images[:50]
    session = onnxruntime.InferenceSession(pretrained_models()[name])
    (expected,) = session.run(["probabilities"], {"images": to_inputs(images)})
    predicted = load_model_file(name).predict(images).probabilities
    np.testing.assert_allclose(predicted, expected, rtol=1e-4, atol=1e-6)


def test_inputs_are_grey_levels_from_0_to_1() -> None:
    images = np.array([0, 51, 255], np.uint8)[:, None, None].repeat(28, 1).repeat(28, 2)
    inputs = to_inputs(images)
    assert inputs.shape == (3, 1, 28, 28)
    assert inputs.dtype == np.float32
    np.testing.assert_allclose(inputs[:, 0, 5, 5], [0, 0.2, 1])


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"GIF89a", random.Random(0).randbytes(5000)])
def test_other_files_are_rejected(content: bytes) -> None:
    with pytest.raises(ModelError, match=r"^model\.onnx is damaged, or was not made by"):
        load_model_bytes(content, "model.onnx")
    with pytest.raises(ModelError, match=r"^model\.onnx is not an ONNX file that can be run"):
        is_model_file(content, "model.onnx")


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.99])
def test_truncated_and_changed_files_are_rejected(tmp_path: Path, fraction: float) -> None:
    content = TINY.read_bytes()
    place = int(fraction * len(content))
    path = tmp_path / "broken.onnx"
    changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    for broken in (content[:place], changed):
        path.write_bytes(broken)
        with pytest.raises(ModelError, match=r"broken\.onnx is damaged"):
            load_model_file(path)


def test_files_over_512_mib_are_rejected(tmp_path: Path) -> None:
    path = tmp_path / "huge.onnx"
    with path.open("wb") as file:
        file.truncate(600 * 2**20)
    with pytest.raises(ModelError, match="larger than 512 MiB"):
        load_model_file(path)


@pytest.mark.parametrize(
    ("path", "message"),
    [("nothing.onnx", "There is no model file nothing.onnx"), (".", "is a folder")],
)
def test_files_that_cannot_be_read_give_an_error(path: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load_model_file(path)


def test_weights_in_other_files_are_never_loaded(tmp_path: Path) -> None:
    path = tmp_path / "external.onnx"
    onnx.save(
        onnx.load(TINY), path, save_as_external_data=True, location="weights", size_threshold=0
    )
    assert (tmp_path / "weights").stat().st_size > 0
    path.write_bytes(with_checksum(path.read_bytes()))
    with pytest.raises(ModelError, match="is not an ONNX file that can be run"):
        load_model_file(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (without_metadata, "metadata that this version cannot read"),
        (with_metadata("{"), "metadata that this version cannot read"),
        (
            with_info(classes=list("01234")),
            r"metadata that this version cannot read \(invalid value for classes\)",
        ),
        (
            with_info(temperature=0.0),
            r"metadata that this version cannot read \(invalid value for temperature\)",
        ),
        (
            with_info(threshold=1.5),
            r"metadata that this version cannot read \(invalid value for threshold\)",
        ),
        (
            with_info(format=1),
            r"metadata that this version cannot read \(format: input should be 2\)",
        ),
        (
            with_info(unknown=1),
            r"metadata that this version cannot read \(unknown: unexpected keyword",
        ),
        (with_info(rejects=True), "inputs or outputs that a model file does not have"),
        (without_probabilities, "inputs or outputs that a model file does not have"),
    ],
)
def test_files_with_invalid_metadata_or_outputs_are_rejected(change: Change, reason: str) -> None:
    with pytest.raises(ModelError, match=rf"^changed\.onnx has {reason}") as error:
        load_model_bytes(changed_model(change), "changed.onnx")
    assert "\n" not in str(error.value)


def test_only_files_with_metadata_are_model_files() -> None:
    assert is_model_file(TINY.read_bytes(), "tiny.onnx")
    assert not is_model_file(changed_model(without_metadata), "other.onnx")


@pytest.mark.parametrize("name", pretrained_models())
def test_checksums_of_pretrained_models_are_valid_onnx_metadata(name: str) -> None:
    content = pretrained_models()[name].read_bytes()
    assert has_valid_checksum(content)
    metadata = {each.key: each.value for each in onnx.load_from_string(content).metadata_props}
    checked = content[: content.rindex(b"\x72")]  # the last entry is the checksum itself
    assert metadata["tendigits.sha256"] == hashlib.sha256(checked).hexdigest()


@given(st.binary(max_size=300), st.data())
def test_checksum_is_invalid_if_a_byte_is_added_removed_or_changed(
    content: bytes, data: st.DataObject
) -> None:
    whole = with_checksum(content)
    assert has_valid_checksum(whole)
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(1, 255))
    changed = whole[:at] + bytes([whole[at] ^ other]) + whole[at + 1 :]
    for broken in (changed, whole[:at] + whole[at + 1 :], whole[:at], whole + b"\0", content):
        assert broken == whole or not has_valid_checksum(broken)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.data())
def test_files_with_a_forged_checksum_are_run_or_rejected(data: st.DataObject) -> None:
    content = bytearray(TINY.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        classifier = load_model_bytes(with_checksum(bytes(content)), "forged")
    except ModelError:
        return
    predictions = classifier.predict(np.zeros((2, 28, 28), np.uint8))
    assert predictions.probabilities.shape == (2, 10)
