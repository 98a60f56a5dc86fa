from pathlib import Path

import numpy as np
import pytest

import tendigits
from tendigits.classifiers.model_file import shipped_models, to_inputs
from tendigits.data import Dataset
from tendigits.errors import ModelError, RunError
from tendigits.loading import load_classifier
from tendigits.training import Run, load_network
from tendigits.training.predict import log_probabilities


@pytest.fixture(scope="module")
def run(small_mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "a-run"
    return tendigits.train(
        "mlp", {"epochs": 1}, data=small_mnist, out=folder, threads=1, quiet=True
    )


def test_a_run_answers_as_its_network_and_names_its_origin(run: Run, mnist: Dataset) -> None:
    classifier = load_classifier(run.folder)
    images = mnist.test.images[:50]
    expected = log_probabilities(load_network(run), images)
    logits = classifier.logits(images)
    np.testing.assert_array_equal(logits.argmax(axis=1), expected.argmax(axis=1))
    assert (classifier.name, classifier.origin.kind) == ("a-run", "run")
    assert classifier.temperature is not None
    assert classifier.origin.recipe["seed"] == 0
    assert classifier.origin.data_sha256 == run.data.sha256
    assert str(run.folder) not in str(classifier.origin)


@pytest.mark.parametrize("name", shipped_models())
def test_a_shipped_model_answers_as_its_file(name: str, mnist: Dataset) -> None:
    classifier, model = load_classifier(name), tendigits.load_classifier(name)
    images = mnist.test.images[:20]
    assert np.array_equal(classifier.logits(images), model.logits(to_inputs(images)))
    assert classifier.temperature == model.info.temperature
    assert classifier.network is not None
    assert classifier.origin.kind == "model file"


def test_a_run_that_holds_nothing_out_has_no_temperature(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    settings = {"epochs": 1, "validation_fraction": 0}
    run = tendigits.train("mlp", settings, data=small_mnist, out=tmp_path / "run", quiet=True)
    exported = tendigits.export_model(run, tmp_path / "model.onnx").path
    for source in (run.folder, exported):
        assert load_classifier(source).temperature is None


def test_a_classifier_of_other_things_is_rejected(tmp_path: Path, small_mnist: Dataset) -> None:
    clothes = Dataset(
        "clothes", "clothes", tuple("abcdefghij"), small_mnist.train, small_mnist.test
    )
    run = tendigits.train("mlp", {"epochs": 1}, data=clothes, out=tmp_path / "run", quiet=True)
    with pytest.raises(ModelError, match=r"a, b, c.*ten digits"):
        load_classifier(run.folder)


@pytest.mark.parametrize(("source", "error"), [("nope", ModelError), (".", RunError)])
def test_what_is_no_classifier_is_rejected_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, error: type[Exception]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error) as rejection:
        load_classifier(source)
    assert "\n" not in str(rejection.value)
