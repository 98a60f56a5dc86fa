from pathlib import Path

import numpy as np
import onnx
import pytest

import tendigits
from tendigits.classifiers.model_file import METADATA_KEY, load_model_file, pretrained_models
from tendigits.data import Dataset
from tendigits.errors import ModelError, RunError
from tendigits.loading import load_classifier
from tendigits.networks import onnx_graph
from tendigits.networks.torch_classifier import torch_logits
from tendigits.training import Run, load_network


@pytest.fixture(scope="module")
def run(small_mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "a-run"
    return tendigits.train(
        "mlp", {"epochs": 1}, data=small_mnist, out=folder, threads=1, quiet=True
    )


def test_run_predicts_as_its_network_and_names_its_origin(run: Run, mnist: Dataset) -> None:
    classifier = load_classifier(run.folder)
    images = mnist.test.images[:50]
    expected = torch_logits(load_network(run))(images)
    np.testing.assert_allclose(classifier.logits(images), expected, atol=1e-5)
    assert (classifier.name, classifier.origin.kind) == ("a-run", "run")
    assert classifier.temperature is not None
    assert classifier.origin.recipe["seed"] == 0
    assert classifier.origin.data_sha256 == run.data.sha256
    assert str(run.folder) not in str(classifier.origin)


def test_run_object_folder_and_exported_file_predict_the_same(
    run: Run, mnist: Dataset, tmp_path: Path
) -> None:
    exported = tendigits.export_model(run, tmp_path / "model.onnx").path
    images = mnist.test.images[:50]
    expected = load_classifier(run).predict(images).probabilities
    for source in (run.folder, str(run.folder), exported, load_classifier(exported)):
        probabilities = load_classifier(source).predict(images).probabilities
        np.testing.assert_allclose(probabilities, expected, atol=1e-5)


@pytest.mark.parametrize("name", pretrained_models())
def test_pretrained_model_can_be_differentiated(name: str, mnist: Dataset) -> None:
    classifier = load_classifier(name)
    images = mnist.test.images[:20]
    np.testing.assert_array_equal(classifier.logits(images), load_model_file(name).logits(images))
    network = classifier.torch_network()
    assert network is not None
    import torch

    inputs = torch.from_numpy(images[:, np.newaxis].astype(np.float32) / 255).requires_grad_()
    logits = network(inputs)
    np.testing.assert_allclose(logits.detach().numpy(), classifier.logits(images), atol=1e-3)
    logits.sum().backward()
    assert inputs.grad is not None
    assert inputs.grad.abs().max() > 0


def test_onnx_file_without_metadata_is_loaded_with_assumptions(
    mnist: Dataset, tmp_path: Path
) -> None:
    proto = onnx.load(pretrained_models()["tiny"])
    del proto.metadata_props[:]
    onnx.save(proto, tmp_path / "plain.onnx")
    classifier = load_classifier(tmp_path / "plain.onnx")
    assert METADATA_KEY not in {each.key for each in proto.metadata_props}
    assert (classifier.name, classifier.origin.kind) == ("plain", "other ONNX file")
    assert classifier.origin.assumptions
    assert classifier.temperature is None
    images, labels = mnist.test.images[:500], mnist.test.labels[:500]
    assert classifier.predict(images, labels).correct.mean() > 0.98
    with pytest.raises(ModelError, match="no metadata"):
        _ = classifier.info


def test_file_that_torch_computes_in_another_way_cannot_be_differentiated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proto = onnx.load(pretrained_models()["tiny"])
    del proto.metadata_props[:]
    onnx.save(proto, tmp_path / "plain.onnx")
    classifier = load_classifier(tmp_path / "plain.onnx")
    assert classifier.torch_network() is not None
    monkeypatch.setitem(onnx_graph._OPERATORS, "Relu", lambda _, inputs: inputs.abs())
    assert classifier.torch_network() is None
    monkeypatch.setitem(onnx_graph._OPERATORS, "Relu", lambda _, inputs: inputs["missing"])
    assert classifier.torch_network() is None


def test_model_without_validation_images_has_no_temperature(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    settings = {"epochs": 1, "validation_fraction": 0}
    run = tendigits.train("mlp", settings, data=small_mnist, out=tmp_path / "run", quiet=True)
    exported = tendigits.export_model(run, tmp_path / "model.onnx").path
    for source in (run.folder, exported):
        assert load_classifier(source).temperature is None


@pytest.mark.parametrize(("source", "error"), [("nope", ModelError), (".", RunError)])
def test_source_that_is_not_a_classifier_is_reported_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, error: type[Exception]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error) as raised:
        load_classifier(source)
    assert "\n" not in str(raised.value)
