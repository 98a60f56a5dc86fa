from pathlib import Path

import numpy as np
import pytest

import tendigits
from tendigits.datasets import Dataset
from tendigits.errors import ModelError, RunError
from tendigits.evaluation.predict import log_probabilities
from tendigits.evaluation.recogniser import load_recogniser
from tendigits.reading.model_file import scaled, shipped_models
from tendigits.training import Run, load_network


@pytest.fixture(scope="module")
def run(small_mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "a-run"
    return tendigits.train(
        "mlp", {"epochs": 1}, data=small_mnist, out=folder, threads=1, quiet=True
    )


def test_a_run_answers_as_its_network_and_names_its_origin(run: Run, mnist: Dataset) -> None:
    recogniser = load_recogniser(run.folder)
    images = mnist.test.images[:50]
    expected = log_probabilities(load_network(run), images)
    logits = recogniser.logits(images)
    np.testing.assert_array_equal(logits.argmax(axis=1), expected.argmax(axis=1))
    assert (recogniser.name, recogniser.origin.kind) == ("a-run", "run")
    assert recogniser.temperature is not None
    assert recogniser.origin.recipe["seed"] == 0
    assert recogniser.origin.data_sha256 == run.data.sha256
    assert str(run.folder) not in str(recogniser.origin)


@pytest.mark.parametrize("name", shipped_models())
def test_a_shipped_model_answers_as_its_file(name: str, mnist: Dataset) -> None:
    recogniser, model = load_recogniser(name), tendigits.load_model(name)
    images = mnist.test.images[:20]
    assert np.array_equal(recogniser.logits(images), model.logits(scaled(images)))
    assert recogniser.temperature == model.info.temperature
    assert recogniser.network is not None
    assert recogniser.origin.kind == "model file"


def test_a_run_that_holds_nothing_out_has_no_temperature(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    settings = {"epochs": 1, "validation_fraction": 0}
    run = tendigits.train("mlp", settings, data=small_mnist, out=tmp_path / "run", quiet=True)
    exported = tendigits.export_model(run, tmp_path / "model.onnx").path
    for source in (run.folder, exported):
        assert load_recogniser(source).temperature is None


def test_a_recogniser_of_other_things_is_refused(tmp_path: Path, small_mnist: Dataset) -> None:
    clothes = Dataset(
        "clothes", "clothes", tuple("abcdefghij"), small_mnist.train, small_mnist.test
    )
    run = tendigits.train("mlp", {"epochs": 1}, data=clothes, out=tmp_path / "run", quiet=True)
    with pytest.raises(ModelError, match=r"a, b, c.*ten digits"):
        load_recogniser(run.folder)


@pytest.mark.parametrize(("source", "error"), [("nope", ModelError), (".", RunError)])
def test_what_is_no_recogniser_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, error: type[Exception]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error) as refusal:
        load_recogniser(source)
    assert "\n" not in str(refusal.value)
