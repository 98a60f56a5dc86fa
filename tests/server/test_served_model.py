import hashlib
from pathlib import Path

import pytest

from tendigits.classifiers.model_file import pretrained_models, with_checksum
from tendigits.errors import ModelError
from tendigits.server.served_model import load_served_model


def test_a_pretrained_model_s_name_and_its_file_give_the_same_model() -> None:
    path = pretrained_models()["tiny"]
    by_name, by_path = load_served_model("tiny"), load_served_model(str(path))
    assert by_name.content == by_path.content == path.read_bytes()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert by_name.name == by_path.name == f"tiny {digest[:12]}"


def test_a_model_of_other_classes_is_rejected(tmp_path: Path) -> None:
    content = pretrained_models()["tiny"].read_bytes()
    letters = content.replace(b'"classes": ["0", "1"', b'"classes": ["a", "b"')
    (tmp_path / "letters.onnx").write_bytes(with_checksum(letters))
    with pytest.raises(ModelError, match=r"has the classes a, b, 2.*the ten digits"):
        load_served_model(str(tmp_path / "letters.onnx"))


def test_an_invalid_model_file_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"not a model")
    for path in (tmp_path / "x.onnx", tmp_path / "nobody.onnx", tmp_path):
        with pytest.raises(ModelError, match=str(path)):
            load_served_model(str(path))
