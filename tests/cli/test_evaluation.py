import json
from pathlib import Path

import onnx
import pytest

from tendigits.classifiers import pretrained_models
from tendigits.cli import evaluation


def test_json_names_the_data_on_which_a_file_from_elsewhere_was_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    proto = onnx.load(pretrained_models()["tiny"])
    del proto.metadata_props[:]
    onnx.save(proto, tmp_path / "other.onnx")
    evaluation.evaluate(str(tmp_path / "other.onnx"), json=True)
    printed = json.loads(capsys.readouterr().out)
    assert (printed["model"], printed["data"], printed["images"]) == ("other", "mnist", 10_000)
