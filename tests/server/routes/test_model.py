import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from server_process import Server, png, serving
from tendigits import export_model, load_classifier, train
from tendigits.classifiers.model_file import ModelInfo, shipped_models
from tendigits.data import Dataset


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copy(shipped_models()["tiny"], tmp_path / "model.onnx"))


@pytest.fixture
def reloadable(tmp_path: Path, model: Path) -> Iterator[Server]:
    with serving(tmp_path, "--model", model) as running:
        yield running


def test_the_model_says_what_it_is(server: Server) -> None:
    told = TypeAdapter(ModelInfo).validate_json(server.get("/v1/model").content, extra="forbid")
    assert told == load_classifier("reader").info


def test_a_model_that_ships_has_a_report(server: Server) -> None:
    report = server.get("/v1/model/report").json()
    test = load_classifier("reader").info.test
    assert sum(map(sum, report["confusion"])) == test.examples
    right = sum(report["confusion"][digit][digit] for digit in range(10))
    assert right / test.examples == pytest.approx(test.accuracy, abs=3e-4)
    assert sum(each["answers"] for each in report["bins"]) == test.examples
    assert report["calibration_error"] < 0.01


def test_another_model_has_none(tmp_path: Path, small_mnist: Dataset) -> None:
    settings: dict[str, object] = {"epochs": 1, "network.widths": [4]}
    run = train("mlp", settings, data=small_mnist, out=tmp_path / "run", threads=1, quiet=True)
    model = export_model(run, tmp_path / "own.onnx").path
    with serving(tmp_path, "--model", model) as running:
        answer = running.get("/v1/model/report")
    assert answer.status_code == 404
    assert "no report on this model" in answer.json()["detail"]


def test_a_new_model_is_put_in_service(reloadable: Server, model: Path, mnist: Dataset) -> None:
    assert reloadable.get("/v1/model").json()["name"] == "tiny"
    shutil.copy(shipped_models()["mlp"], model)
    answer = reloadable.post("/v1/models/reload")
    assert answer.json()["model"].startswith("mlp ")
    assert reloadable.get("/v1/model").json()["name"] == "mlp"
    assert reloadable.read(png(mnist.test.images[0])).json()["text"] == "7"
    assert len(reloadable.readers()) == 1  # the old one's reader has ended


@pytest.mark.parametrize("content", [b"", b"no model", None])
def test_a_broken_model_leaves_the_old_one_in_service(
    reloadable: Server, model: Path, mnist: Dataset, content: bytes | None
) -> None:
    if content is None:
        model.unlink()
    else:
        model.write_bytes(content)
    answer = reloadable.post("/v1/models/reload")
    assert answer.status_code == 503
    assert "old model stays" in answer.json()["detail"]
    assert str(model) not in answer.text
    assert str(model) in reloadable.log.read_text()
    assert reloadable.read(png(mnist.test.images[0])).json()["text"] == "7"
