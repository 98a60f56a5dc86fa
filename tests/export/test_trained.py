import shutil
from pathlib import Path

import numpy as np
import pytest

from tendigits import ModelError, RunError, load_classifier
from tendigits.classifiers import pretrained_models
from tendigits.data import Dataset
from tendigits.errors import TendigitsError
from tendigits.export.trained import load_trained
from tendigits.networks.torch_classifier import torch_logits

FINDER = pretrained_models()["mlp"].parent / "finder" / "finder.onnx"


def test_pretrained_network_is_that_of_its_file(mnist: Dataset) -> None:
    trained = load_trained("mlp")
    images = mnist.test.images[:200]
    expected = load_classifier("mlp").predict(images).logits
    np.testing.assert_allclose(torch_logits(trained.network)(images), expected, atol=1e-3)
    assert (trained.name, len(trained.training), len(trained.held_out)) == ("mlp", 54_000, 6_000)


@pytest.mark.parametrize(
    ("files", "error", "sentence"),
    [
        ([], RunError, "not a run folder"),
        (["mlp.onnx"], RunError, "cannot be read"),
        (["mlp.safetensors", "mlp.onnx"], RunError, "damaged or belong to another"),
    ],
)
def test_model_file_without_its_own_weights_is_rejected(
    files: list[str], error: type[TendigitsError], sentence: str, tmp_path: Path
) -> None:
    for name in files:
        shutil.copy(pretrained_models()["mlp"].with_name(name), tmp_path)
    if len(files) > 1:
        (tmp_path / "mlp.safetensors").write_bytes(b"other weights")
    with pytest.raises(error, match=sentence):
        load_trained(tmp_path / "mlp.onnx")


def test_finder_is_rejected() -> None:
    with pytest.raises(ModelError, match="finds digits in pictures, it is no classifier"):
        load_trained(FINDER)
