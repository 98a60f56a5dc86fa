import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tendigits import ModelError, export_model, load_classifier, train
from tendigits.classifiers.model_file import (
    METADATA_KEY,
    load_model_bytes,
    scaled,
    shipped_models,
    with_checksum,
)
from tendigits.data import Dataset
from tendigits.files import to_json

Change = Callable[[onnx.ModelProto], None]


@pytest.fixture(scope="module")
def model_file(small_mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    settings = {"epochs": 1, "network.widths": [8]}
    run = train("mlp", settings, data=small_mnist, out=folder / "run", threads=1, quiet=True)
    return export_model(run, folder / "model.onnx").path


def test_many_images_give_the_answers_that_each_gives_alone(
    model_file: Path, small_mnist: Dataset
) -> None:
    model = load_classifier(model_file, threads=1)
    inputs = np.concatenate([scaled(small_mnist.test.images)] * 3)  # more than one batch
    together = model.logits(inputs)
    alone = [model.logits(inputs[index : index + 1]) for index in (0, 999, 1000, 1499)]
    np.testing.assert_allclose(
        together[[0, 999, 1000, 1499]], np.concatenate(alone), rtol=1e-4, atol=1e-4
    )


def test_probabilities_are_the_softmax_of_the_logits_at_the_temperature(
    model_file: Path, small_mnist: Dataset
) -> None:
    model = load_classifier(model_file)
    inputs = scaled(small_mnist.test.images[:50])
    powers = np.exp(model.logits(inputs) / model.info.temperature)
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.probabilities(inputs), expected, rtol=1e-4, atol=1e-6)


def test_no_images_give_no_answers(model_file: Path) -> None:
    assert load_classifier(model_file).logits(np.empty((0, 1, 28, 28), np.float32)).shape == (0, 10)


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"GIF89a", os.urandom(5000)])
def test_what_is_no_onnx_file_is_rejected(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.onnx is damaged, or was not made by"):
        load_classifier(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_cut_or_changed_file_is_rejected(model_file: Path, tmp_path: Path, share: float) -> None:
    content = model_file.read_bytes()
    place = int(share * len(content))
    path = tmp_path / "broken.onnx"
    changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    for broken in (content[:place], changed):
        path.write_bytes(broken)
        with pytest.raises(ModelError, match=r"broken\.onnx is damaged"):
            load_classifier(path)


def test_a_file_too_large_to_be_a_model_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "huge.onnx"
    with path.open("wb") as file:
        file.truncate(600 * 2**20)
    with pytest.raises(ModelError, match="larger than 512 MiB"):
        load_classifier(path)


@pytest.mark.parametrize("path", ["nothing.onnx", "."])
def test_a_file_that_cannot_be_read_is_told(path: str) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        load_classifier(path)


def test_weights_outside_the_file_are_never_read(model_file: Path, tmp_path: Path) -> None:
    model = onnx.load(model_file)
    onnx.save(
        model,
        tmp_path / "outside.onnx",
        save_as_external_data=True,
        location="weights",
        size_threshold=0,
    )
    outside = tmp_path / "outside.onnx"
    outside.write_bytes(with_checksum(outside.read_bytes()))
    with pytest.raises(ModelError, match="is no ONNX file that can be run"):
        load_classifier(outside)


def without_metadata(model: onnx.ModelProto) -> None:
    del model.metadata_props[:]


def with_fewer_classes(model: onnx.ModelProto) -> None:
    _change_info(model, classes=list("01234"))


def with_a_temperature_of_zero(model: onnx.ModelProto) -> None:
    _change_info(model, temperature=0.0)


def with_a_later_format(model: onnx.ModelProto) -> None:
    _change_info(model, format=2)


def with_a_strangers_key(model: onnx.ModelProto) -> None:
    _change_info(model, unheard_of=1)


def with_metadata_that_is_no_json(model: onnx.ModelProto) -> None:
    onnx.helper.set_model_props(model, {METADATA_KEY: "{"})


def with_one_output(model: onnx.ModelProto) -> None:
    del model.graph.output[1]


@pytest.mark.parametrize(
    "change",
    [
        without_metadata,
        with_fewer_classes,
        with_a_temperature_of_zero,
        with_a_later_format,
        with_a_strangers_key,
        with_metadata_that_is_no_json,
        with_one_output,
    ],
)
def test_a_file_that_says_something_else_of_itself_is_rejected(
    model_file: Path, tmp_path: Path, change: Change
) -> None:
    model = onnx.load(model_file)
    change(model)
    changed = tmp_path / "changed.onnx"
    changed.write_bytes(with_checksum(model.SerializeToString()))
    with pytest.raises(ModelError, match=r"changed\.onnx (says something|has other)"):
        load_classifier(changed)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.data())
def test_whatever_is_sealed_is_run_or_rejected(data: st.DataObject) -> None:
    content = bytearray(shipped_models()["tiny"].read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        model = load_model_bytes(with_checksum(bytes(content)), "forged")
    except ModelError:
        return
    assert model.probabilities(np.zeros((2, 1, 28, 28), np.float32)).shape == (2, 10)


def _change_info(model: onnx.ModelProto, **changes: object) -> None:
    import json

    info = json.loads(model.metadata_props[0].value)
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {METADATA_KEY: to_json({**info, **changes})})
