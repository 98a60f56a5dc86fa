import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from torch import nn

from tendigits import ModelError, RunError, export_model, load_classifier, predict, train
from tendigits.classifiers.model_file import (
    INPUT,
    PROBABILITIES,
    open_session,
    to_inputs,
    weights_beside,
)
from tendigits.data import Dataset
from tendigits.evaluation.metrics import Metrics
from tendigits.evaluation.validation import Validation
from tendigits.export import model_file as export_module
from tendigits.export.model_file import evenly_spaced
from tendigits.export.to_onnx import to_onnx
from tendigits.files import sha256_of
from tendigits.training import Run
from tendigits.training.run_records import read_record

SMALL: dict[str, object] = {"epochs": 2, "network.stem_channels": 6, "network.stages": [[8], [8]]}
FORMS: dict[str, dict[str, object]] = {
    "mlp": {"network": {"kind": "mlp", "widths": [16]}},
    "conv": {},
    "ensemble": {"members": 2, "variants": [{}, {"network": {"stages": [[6], [10]]}}]},
    "no validation images": {"validation_fraction": 0.0},
}


@pytest.fixture(scope="module", params=FORMS)
def run(
    request: pytest.FixtureRequest, small_mnist: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    form = FORMS[request.param]
    folder = tmp_path_factory.mktemp("runs") / "run"
    if "network" in form:
        settings: dict[str, object] = {"epochs": 1, "network.widths": [16]}
        return train("mlp", settings, data=small_mnist, out=folder, threads=1, quiet=True)
    return train("fast", {**SMALL, **form}, data=small_mnist, out=folder, threads=1, quiet=True)


@pytest.fixture(scope="module")
def plain_run(small_mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "plain"
    return train("fast", SMALL, data=small_mnist, out=folder, threads=1, quiet=True)


def test_exported_file_predicts_what_the_network_predicts(
    run: Run, small_mnist: Dataset, tmp_path: Path
) -> None:
    exported = export_model(run, tmp_path / "model.onnx")
    images = small_mnist.test.images
    expected = predict(run, images).probabilities
    predictions = predict(exported.path, images)
    np.testing.assert_allclose(predictions.probabilities, expected, rtol=1e-3, atol=1e-5)
    assert exported.difference < 1e-4
    assert exported.agreement == 1


def test_probabilities_of_the_graph_are_those_of_the_network(
    run: Run, small_mnist: Dataset, tmp_path: Path
) -> None:
    images = small_mnist.test.images[:50]
    content = export_model(run, tmp_path / "model.onnx").path.read_bytes()
    inputs = {INPUT: to_inputs(images)}
    (probabilities,) = open_session(content, "model.onnx").run([PROBABILITIES], inputs)
    expected = predict(run, images).probabilities
    np.testing.assert_allclose(probabilities, expected, rtol=1e-3, atol=1e-5)


def test_weights_are_written_beside_the_file(run: Run, tmp_path: Path) -> None:
    exported = export_model(run, tmp_path / "model.onnx")
    weights = weights_beside(exported.path)
    assert weights.read_bytes() == run.weights.read_bytes()
    assert exported.info.weights_sha256 == sha256_of(weights)


def test_metadata_describes_the_run(run: Run, tmp_path: Path) -> None:
    info = load_classifier(export_model(run, tmp_path / "model.onnx").path).info
    metrics = read_record(run.metrics_file, Metrics)
    assert (info.name, info.classes) == (run.recipe.name, tuple("0123456789"))
    assert info.recipe["seed"] == run.recipe.seed
    assert (info.test.accuracy, info.test.examples) == (metrics.accuracy, 500)
    assert info.data_sha256 == run.data.sha256
    assert info.versions["tendigits"] == run.environment.versions["tendigits"]
    if len(run.split.validation):
        validation = read_record(run.validation, Validation)
        assert info.temperature == validation.temperature
        assert info.exported_accuracy == info.validation_accuracy == validation.accuracy
    else:
        assert (info.temperature, info.validation_accuracy) == (1.0, None)


def test_8_bit_file_is_quantised_and_nearly_as_accurate(plain_run: Run, tmp_path: Path) -> None:
    exported = export_model(plain_run, tmp_path / "int8.onnx", int8=True)
    info = load_classifier(exported.path).info
    assert info.precision == "int8"
    assert 0.95 < exported.agreement <= 1
    assert info.exported_accuracy == pytest.approx(info.validation_accuracy, abs=0.02)
    weights = {each.data_type for each in onnx.load(exported.path).graph.initializer}
    assert onnx.TensorProto.INT8 in weights
    assert info.weights_sha256 is None
    assert not weights_beside(exported.path).exists()


def test_images_chosen_of_those_sorted_by_class_are_of_all_classes() -> None:
    labels = np.repeat(np.arange(10), 600)
    indices = np.arange(len(labels))
    chosen = evenly_spaced(indices, 1000)
    assert (len(chosen), len(set(chosen))) == (1000, 1000)
    assert np.bincount(labels[chosen]).min() >= 99
    np.testing.assert_array_equal(evenly_spaced(indices[:160], 1000), indices[:160])


def test_summary_says_on_how_many_images_the_file_was_checked(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    part, test = small_mnist.train, small_mnist.test
    few = part.images[:200], part.labels[:200], test.images[:50], test.labels[:50]
    settings = {"epochs": 1, "network.widths": [4], "validation_fraction": 0.2}
    run = train("mlp", settings, data=few, out=tmp_path / "run", threads=1, quiet=True)
    summary = export_model(run, tmp_path / "model.onnx").summary()
    assert summary.startswith("Checked on 160 images: largest difference")


def test_file_holds_no_paths_of_this_machine(plain_run: Run, tmp_path: Path) -> None:
    content = export_model(plain_run, tmp_path / "model.onnx").path.read_bytes()
    for path in (sys.prefix, str(Path(export_module.__file__).parents[2]), str(tmp_path)):
        assert path.encode() not in content


def test_same_run_gives_the_same_file(plain_run: Run, tmp_path: Path) -> None:
    first, again = (export_model(plain_run, tmp_path / name).path for name in "ab")
    assert first.read_bytes() == again.read_bytes()


def test_file_whose_predictions_differ_is_not_written(
    plain_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    def wrong(network: nn.Module, temperature: float) -> onnx.ModelProto:
        return to_onnx(network, 1.01 * temperature)

    monkeypatch.setattr(export_module, "to_onnx", wrong)
    with pytest.raises(ModelError, match="differ from the network's"):
        export_model(plain_run, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_incomplete_run_is_not_exported(small_mnist: Dataset, tmp_path: Path) -> None:
    settings = {"epochs": 1, "network.widths": [4]}
    run = train("mlp", settings, data=small_mnist, out=tmp_path / "run", threads=1, quiet=True)
    run.metrics_file.unlink()
    with pytest.raises(RunError, match="is not trained and tested; resume with"):
        export_model(run, tmp_path / "model.onnx")


def test_output_that_cannot_be_written_is_reported(plain_run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="choose another --out"):
        export_model(plain_run, tmp_path / "file" / "model.onnx")


def test_name_of_the_weights_is_rejected_as_the_model_file(plain_run: Run, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"give NAME\.onnx"):
        export_model(plain_run, tmp_path / "model.safetensors")
    assert not list(tmp_path.iterdir())
