from pathlib import Path

import onnx
import pytest

from tendigits.classifiers.model_file import shipped_models
from tendigits.errors import ModelError
from tendigits.evaluation.evaluate_file import evaluate_file
from tendigits.loading import load_classifier


@pytest.fixture
def someones(tmp_path: Path) -> Path:
    """A file that says nothing of itself, as someone else's does."""
    proto = onnx.load(shipped_models()["mlp"])
    del proto.metadata_props[:]
    onnx.save(proto, tmp_path / "someones.onnx")
    return tmp_path / "someones.onnx"


def test_a_shipped_model_is_tested_by_its_name() -> None:
    assert "Test accuracy: 97.89%" in evaluate_file("mlp")


def test_someone_elses_file_is_tested_and_what_was_assumed_is_said(someones: Path) -> None:
    lines = evaluate_file(someones).splitlines()
    assert "(n, 1, 28, 28), 0 for paper, 1 for full ink" in lines[0]
    assert "ten columns for the digits 0 to 9" in lines[1]
    assert "Test accuracy: 97.89%" in lines[2]


def test_someone_elses_file_can_be_attacked_but_has_no_temperature(someones: Path) -> None:
    classifier = load_classifier(someones)
    assert classifier.network is not None
    assert classifier.temperature is None
    assert (classifier.parameters, classifier.multiply_adds) == (401_110, None)
    assert classifier.origin.recipe == {}


def test_what_is_no_model_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("nothing of the kind")
    with pytest.raises(ModelError, match="no ONNX file"):
        evaluate_file(tmp_path / "text.onnx")
