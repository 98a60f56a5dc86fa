import re
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import TypeAdapter

from server_process import Server, png, serving, wait_until
from tendigits import export_model, load_classifier, train
from tendigits.classifiers import ModelInfo, pretrained_models
from tendigits.classifiers.model_file import with_checksum
from tendigits.data import Dataset


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copy(pretrained_models()["tiny"], tmp_path / "model.onnx"))


@pytest.fixture
def reloadable(tmp_path: Path, model: Path) -> Iterator[Server]:
    with serving(tmp_path, "--model", model) as running:
        yield running


def test_the_model_s_metadata_is_returned(server: Server) -> None:
    info = TypeAdapter(ModelInfo).validate_json(server.get("/v1/model").content, extra="forbid")
    assert info == load_classifier("reader").info


def test_a_pretrained_model_has_a_report(server: Server) -> None:
    report = server.get("/v1/model/report").json()
    test = load_classifier("reader").info.test
    assert sum(map(sum, report["confusion"])) == test.examples
    correct = sum(report["confusion"][digit][digit] for digit in range(10))
    assert correct / test.examples == pytest.approx(test.accuracy, abs=3e-4)
    assert sum(each["images"] for each in report["bins"]) == test.examples
    assert report["calibration_error"] < 0.01


def test_another_model_has_no_report(tmp_path: Path, small_mnist: Dataset) -> None:
    settings: dict[str, object] = {"epochs": 1, "network.widths": [4]}
    run = train("mlp", settings, data=small_mnist, out=tmp_path / "run", threads=1, quiet=True)
    model = export_model(run, tmp_path / "own.onnx").path
    with serving(tmp_path, "--model", model) as running:
        response = running.get("/v1/model/report")
    assert response.status_code == 404
    assert "no report on this model" in response.json()["detail"]


def test_a_changed_model_file_is_used_after_a_reload(
    reloadable: Server, model: Path, mnist: Dataset
) -> None:
    assert reloadable.get("/v1/model").json()["name"] == "tiny"
    shutil.copy(pretrained_models()["mlp"], model)
    response = reloadable.post("/v1/models/reload")
    assert response.json()["model"].startswith("mlp ")
    assert reloadable.get("/v1/model").json()["name"] == "mlp"
    assert reloadable.read(png(mnist.test.images[0])).json()["text"] == "7"
    assert len(reloadable.workers()) == 1  # the previous model's worker has ended


def test_there_is_one_reload_at_a_time(reloadable: Server) -> None:
    with ThreadPoolExecutor(1) as clients:
        first = clients.submit(reloadable.post, "/v1/models/reload")
        wait_until(lambda: len(reloadable.workers()) == 2)
        reloadable.process.send_signal(signal.SIGHUP)
        second = reloadable.post("/v1/models/reload")
        assert (first.result().status_code, second.status_code) == (200, 503)
    assert second.json()["detail"] == "The model is being reloaded already; try again in a moment."
    log = reloadable.log.read_text()
    assert log.count("SIGHUP was ignored: The model is being reloaded already") == 1
    assert log.count("model in use") == 1
    assert len(reloadable.workers()) == 1


LETTERS = with_checksum(
    pretrained_models()["tiny"]
    .read_bytes()
    .replace(b'"classes": ["0", "1"', b'"classes": ["a", "b"')
)


@pytest.mark.parametrize("content", [b"", b"not a model", LETTERS, None])
def test_the_previous_model_stays_in_use_if_the_file_is_damaged_or_of_other_classes(
    reloadable: Server, model: Path, mnist: Dataset, content: bytes | None
) -> None:
    if content is None:
        model.unlink()
    else:
        model.write_bytes(content)
    response = reloadable.post("/v1/models/reload")
    assert response.status_code == 503
    assert "previous model stays" in response.json()["detail"]
    assert str(model) not in response.text
    reason = "the ten digits" if content == LETTERS else str(model)
    assert reason in reloadable.log.read_text()
    assert reloadable.read(png(mnist.test.images[0])).json()["text"] == "7"


def test_the_server_is_alive_and_ready(server: Server) -> None:
    expected = {"/healthz": {"status": "ok"}, "/readyz": {"status": "ok", "workers": 1}}
    for path, content in expected.items():
        response = server.get(path)
        assert (response.status_code, response.json()) == (200, content)


def test_requests_shapes_and_corrections_are_counted(server: Server, mnist: Dataset) -> None:
    before = metrics_of(server)
    server.read(png(mnist.test.images[0]))
    server.get("/nowhere")
    server.correct("counted")
    after = metrics_of(server)

    def increase(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert increase("tendigits_requests_total{method=POST,route=/v1/read,status=200}") == 1
    assert increase("tendigits_requests_total{method=GET,route=other,status=404}") == 1
    assert increase("tendigits_request_seconds_count{route=/v1/read}") == 1
    assert increase("tendigits_batch_pictures_count{}") == 1
    assert increase("tendigits_shapes_total{digit=7}") == 1
    assert increase("tendigits_corrections_total{}") == 1
    assert after["tendigits_queue_pictures{}"] == 0


def test_the_metrics_contain_no_paths(server: Server) -> None:
    assert not re.search(r"/(home|root|tmp|usr|src)", server.get("/metrics").text)


def metrics_of(server: Server) -> dict[str, float]:
    found = {}
    for family in text_string_to_metric_families(server.get("/metrics").text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found
