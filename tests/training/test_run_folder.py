import csv
import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from conftest import write_idx_folder
from tendigits import evaluate, load_dataset, load_run, resume, train
from tendigits.data import Dataset, LabelledImages, stratified_split
from tendigits.errors import DataError, RunError, TendigitsError
from tendigits.networks import build_classifier, classifier_of_network
from tendigits.recipes import load_recipe
from tendigits.training import Run, create_run, describe_environment, load_network, load_run_data
from tendigits.training.checkpoint import save_weights
from tendigits.training.run_folder import classifier_of_run
from tendigits.training.run_records import read_record

EPOCHS = 2
FILES = {
    ".lock",
    "MODEL_CARD.md",
    "data.json",
    "environment.json",
    "plots/confusion.png",
    "plots/curves.png",
    "plots/worst-errors.png",
    "history.csv",
    "log.jsonl",
    "metrics.json",
    "recipe.toml",
    "split.json",
    "validation.json",
    "weights.safetensors",
}

Change = Callable[[dict[str, Any]], object]
CHANGES: dict[str, tuple[str, Change]] = {
    "no validation": ("split.json", lambda split: split.pop("validation")),
    "validation is null": ("split.json", lambda split: split.update(validation=None)),
    "validation is a string": ("split.json", lambda split: split.update(validation="abc")),
    "validation of lists": ("split.json", lambda split: split.update(validation=[[1, 2]])),
    "validation of floats": ("split.json", lambda split: split.update(validation=[1.5])),
    "an index too large": ("split.json", lambda split: split["validation"].append(2000)),
    "a negative index": ("split.json", lambda split: split["validation"].insert(0, -1)),
    "an index of 31 digits": (
        "split.json",
        lambda split: split["validation"].append(10**30),
    ),
    "an index twice": (
        "split.json",
        lambda split: split["validation"].append(split["validation"][-1]),
    ),
    "an index too few": ("split.json", lambda split: split["validation"].pop()),
    "no index": ("split.json", lambda split: split.update(validation=[])),
    "every index": (
        "split.json",
        lambda split: split.update(validation=list(range(2000))),
    ),
    "number of images is a string": ("data.json", lambda data: data.update(training_images="many")),
    "more images than memory": ("data.json", lambda data: data.update(training_images=10**15)),
    "fewer images than held out": ("data.json", lambda data: data.update(training_images=10)),
    "no class names": ("data.json", lambda data: data.update(class_names=None)),
    "one class name": ("data.json", lambda data: data.update(class_names=["0"])),
    "no checksums": ("data.json", lambda data: data.update(sha256={})),
    "a list of checksums": ("data.json", lambda data: data.update(sha256=["0"])),
    "a checksum of another file": ("data.json", lambda data: data["sha256"].update(x="0")),
    "a source that is a number": ("data.json", lambda data: data.update(source=3)),
    "no source": ("data.json", lambda data: data.pop("source")),
    "no threads": ("environment.json", lambda environment: environment.update(threads=0)),
    "threads is a string": (
        "environment.json",
        lambda environment: environment.update(threads="two"),
    ),
    "no versions": ("environment.json", lambda environment: environment.update(versions=None)),
}
GARBAGE = {
    "cut short": b'{"validation": [1,',
    "emptied": b"",
    "zeros": bytes(500),
    "not text": b"\xff\xfe\x00",
    "not an object": b"[]",
    "too deep": b"[" * 100_000,
}


@dataclass(frozen=True)
class Example:
    count: int
    names: tuple[str, ...]


VALID = Example(3, ("a", "b"))
FAULTS = {
    "a field too few": {"count": 3},
    "a field too many": {"count": 3, "names": [], "more": 1},
    "a number as a string": {"count": "3", "names": []},
    "a float for an integer": {"count": 3.5, "names": []},
    "a name that is a number": {"count": 3, "names": [1]},
    "a list": [3, ["a", "b"]],
}


@pytest.fixture(scope="module")
def run(small_mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "run"
    return train("mlp", {"epochs": EPOCHS}, data=small_mnist, out=folder, threads=1, quiet=True)


@pytest.fixture
def copy(run: Run, tmp_path: Path) -> Path:
    """A copy of the run that a test can change."""
    return shutil.copytree(run.folder, tmp_path / "copy")


def test_run_folder_contains_the_documented_files_and_no_others(run: Run) -> None:
    files = {str(path.relative_to(run.folder)) for path in run.folder.rglob("*") if path.is_file()}
    checkpoints = {f"checkpoints/{path.name}" for path in run.checkpoints.iterdir()}
    assert files == FILES | checkpoints
    assert len(checkpoints) == 2


def test_recipe_of_a_run_can_be_loaded(run: Run) -> None:
    assert load_recipe(run.folder / "recipe.toml") == run.recipe
    assert run.recipe == load_recipe("mlp", {"epochs": EPOCHS})


def test_data_json_has_source_sizes_and_checksums(run: Run, small_mnist: Dataset) -> None:
    data = read_json(run.folder / "data.json")
    assert (data["training_images"], data["test_images"]) == (2000, 500)
    assert data["source"] == small_mnist.source
    assert data["sha256"] == small_mnist.checksums
    assert data["class_names"] == list("0123456789")


def test_split_json_is_the_split_of_the_seed(run: Run, small_mnist: Dataset) -> None:
    drawn = stratified_split(small_mnist.train.labels, 0.1, run.recipe.seed)
    assert read_json(run.folder / "split.json")["validation"] == drawn.validation.tolist()
    assert np.array_equal(load_run(run.folder).split.train, drawn.train)


def test_environment_json_has_versions_machine_and_threads(run: Run) -> None:
    environment = read_json(run.folder / "environment.json")
    assert environment["threads"] == 1
    assert {"torch", "numpy", "tendigits"} <= environment["versions"].keys()
    assert environment.keys() >= {"started", "cpu", "cores", "system", "python", "git_revision"}


def test_history_csv_has_one_row_per_epoch(run: Run) -> None:
    with run.history_file.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert all(0 < float(row["val_accuracy"]) < 1 for row in rows)


def test_log_has_a_json_line_for_each_epoch_and_the_test(run: Run) -> None:
    lines = [strict_json(line) for line in run.log.read_text(encoding="utf-8").splitlines()]
    events = [line["event"] for line in lines]
    assert events.count("epoch") == EPOCHS
    assert events[-1] == "test"
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)


def test_weights_are_those_of_the_network(run: Run) -> None:
    weights = load_file(run.weights)
    assert sum(weight.numel() for weight in weights.values()) == 401_110
    assert {weight.dtype for weight in weights.values()} == {torch.float32}


def test_metrics_json_has_the_number_of_test_images(run: Run) -> None:
    metrics = strict_json(run.metrics_file.read_text(encoding="utf-8"))
    assert metrics["images"] == 500


@pytest.mark.parametrize("name", ["curves.png", "confusion.png", "worst-errors.png"])
def test_plots_are_png_files(run: Run, name: str) -> None:
    with Image.open(run.plots / name) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert min(picture.size) > 300


def test_no_file_of_a_run_is_a_pickle(run: Run) -> None:
    for path in run.folder.rglob("*"):
        if path.is_file():
            assert path.read_bytes()[:1] != pickle.dumps(0, protocol=4)[:1], path
            assert not zipfile.is_zipfile(path), path


def test_run_with_an_infinite_loss_writes_valid_json(small_mnist: Dataset, tmp_path: Path) -> None:
    folder, divergent = tmp_path / "run", {"epochs": 1, "optimizer.learning_rate": 1e30}
    with suppress(TendigitsError):  # it can be rejected
        train("mlp", divergent, data=small_mnist, out=folder, threads=1, quiet=True)
    assert folder.is_dir()
    for path in folder.glob("*.json*"):
        text = path.read_text(encoding="utf-8")
        for value in [text] if path.suffix == ".json" else text.splitlines():
            strict_json(value)


def test_loaded_run_is_the_one_that_was_created(run: Run) -> None:
    loaded = load_run(run.folder)
    assert (loaded.folder, loaded.recipe) == (run.folder, run.recipe)
    assert loaded.environment == run.environment
    assert loaded.data.sha256 == run.data.sha256
    assert tuple(loaded.data.class_names) == tuple("0123456789")
    assert np.array_equal(loaded.split.validation, run.split.validation)


def test_run_can_be_loaded_by_a_relative_path(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run.folder.parent)
    assert load_run("run").folder == run.folder


def test_run_can_be_moved(run: Run, copy: Path) -> None:
    assert evaluate(copy) == evaluate(run)


def test_runs_started_in_the_same_second_get_different_folders(
    small_mnist: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe, environment = load_recipe("mlp"), describe_environment(1)
    with ThreadPoolExecutor(4) as pool:
        started = [pool.submit(create_run, recipe, small_mnist, environment) for _ in range(12)]
        folders = {future.result().folder for future in started}
    assert len(folders) == 12
    assert set((tmp_path / "runs").iterdir()) == folders
    assert any(folder.name.endswith("-2") for folder in folders)
    assert all(len(load_run(folder).split.validation) == 200 for folder in folders)


@pytest.mark.parametrize("kind", ["a run", "a file"])
def test_existing_folder_is_rejected_and_not_changed(
    small_mnist: Dataset, tmp_path: Path, kind: str
) -> None:
    out = tmp_path / "out"
    kept = out / "kept.txt" if kind == "a run" else out
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("kept")
    with pytest.raises(RunError, match=r"out exists already.*--out"):
        create_run(load_recipe("mlp"), small_mnist, describe_environment(1), out)
    assert kept.read_text() == "kept"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("out", ["file/run", "x" * 300])
def test_folder_that_cannot_be_created_is_rejected(
    small_mnist: Dataset, tmp_path: Path, out: str
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot be created"):
        create_run(load_recipe("mlp"), small_mnist, describe_environment(1), tmp_path / out)
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


@pytest.mark.parametrize("folder", ["", "missing", "file"])
def test_folder_that_is_not_a_run_is_rejected(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="not a run folder"):
        load_run(tmp_path / folder)


@pytest.mark.parametrize(("file", "change"), CHANGES.values(), ids=CHANGES)
def test_run_folder_with_invalid_values_is_rejected(copy: Path, file: str, change: Change) -> None:
    values = read_json(copy / file)
    change(values)
    (copy / file).write_text(json.dumps(values), encoding="utf-8")
    check_rejected_in_one_line(copy)


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
@pytest.mark.parametrize("file", ["split.json", "data.json", "environment.json", "recipe.toml"])
def test_run_folder_with_a_damaged_file_is_rejected(copy: Path, file: str, garbage: bytes) -> None:
    (copy / file).write_bytes(garbage)
    check_rejected_in_one_line(copy)


@pytest.mark.parametrize("file", ["split.json", "data.json", "environment.json", "recipe.toml"])
def test_run_folder_without_one_of_its_files_is_rejected(copy: Path, file: str) -> None:
    (copy / file).unlink()
    check_rejected_in_one_line(copy)


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize("what", ["a pixel", "a label"])
def test_data_set_that_has_changed_is_rejected(
    small_mnist: Dataset, tmp_path: Path, part: str, what: str
) -> None:
    parts = {
        name: LabelledImages(each.images.copy(), each.labels.copy())
        for name, each in (("train", small_mnist.train), ("test", small_mnist.test))
    }
    (folder := tmp_path / "data").mkdir()
    write_idx_folder(folder, **parts)
    run = new_run(load_dataset(folder), tmp_path / "run")
    array = parts[part].images if what == "a pixel" else parts[part].labels
    array.flat[0] ^= 1
    write_idx_folder(folder, **parts)
    with pytest.raises(RunError, match="has changed since"):
        load_run_data(run)


def test_missing_data_set_is_named_in_the_error(small_mnist_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(small_mnist_folder, tmp_path / "data")
    run = new_run(load_dataset(folder), tmp_path / "run")
    shutil.rmtree(folder)
    with pytest.raises(DataError, match=str(folder)):
        load_run_data(run)


def test_network_is_loaded_bit_for_bit_in_evaluation_mode(run: Run) -> None:
    network = load_network(run)
    assert not network.training
    saved = load_file(run.weights)
    assert network.state_dict().keys() == saved.keys()
    assert all(torch.equal(network.state_dict()[name], saved[name]) for name in saved)


@pytest.mark.parametrize(
    "damage",
    [lambda _: b"", lambda data: data[:-5], lambda _: pickle.dumps({"0.weight": [1.0]})],
    ids=["emptied", "cut short", "a pickle"],
)
def test_damaged_weights_are_rejected_and_the_suggested_way_restores_them(
    run: Run, copy: Path, damage: Callable[[bytes], bytes]
) -> None:
    weights = copy / "weights.safetensors"
    weights.write_bytes(damage(weights.read_bytes()))
    with pytest.raises(RunError, match=r"weights\.safetensors is damaged.*--resume") as rejection:
        load_network(load_run(copy))
    assert "\n" not in str(rejection.value)
    weights.unlink()
    resume(copy, quiet=True)
    assert weights.read_bytes() == run.weights.read_bytes()


def test_weights_of_another_network_are_rejected(copy: Path, run: Run) -> None:
    other = run.recipe.changed({"network.widths": [350, 20]})
    (copy / "recipe.toml").write_text(other.to_toml(), encoding="utf-8")
    with pytest.raises(RunError, match="weights") as rejection:
        load_network(load_run(copy))
    assert "\n" not in str(rejection.value)


def test_run_without_weights_is_rejected_with_the_command_to_resume_it(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="train --resume"):
        load_network(new_run(small_mnist, tmp_path / "run"))


def test_classifier_of_a_run_has_its_temperature_and_threshold(
    run: Run, small_mnist: Dataset
) -> None:
    classifier = classifier_of_run(run)
    validation = read_json(run.validation)
    assert classifier.temperature == validation["temperature"]
    assert classifier.threshold == validation["threshold"]
    assert classifier.name == run.folder.name
    assert classifier.origin.data_sha256 == small_mnist.checksums
    expected = classifier_of_network(load_network(run)).predict(small_mnist.test.images)
    assert np.array_equal(classifier.predict(small_mnist.test.images).logits, expected.logits)


def test_classifier_of_a_run_without_validation_images_is_not_calibrated(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    run = new_run(small_mnist, tmp_path / "run", validation_fraction=0.0)
    save_weights(run.weights, build_classifier(run.recipe))
    classifier = classifier_of_run(run)
    assert (classifier.temperature, classifier.threshold) == (None, 0.0)


def test_members_of_an_ensemble_have_folders_and_seeds_of_their_own(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    run = new_run(small_mnist, tmp_path / "run", members=3)
    assert [member.folder for member in run.members] == [
        run.folder / "members" / f"0{number}" for number in (1, 2, 3)
    ]
    assert len({member.recipe.seed for member in run.members}) == 3
    single = new_run(small_mnist, tmp_path / "single")
    assert single.members == [single]


def test_record_that_is_read_is_the_one_that_was_written(tmp_path: Path) -> None:
    (tmp_path / "example.json").write_text(json.dumps(asdict(VALID)), encoding="utf-8")
    assert read_record(tmp_path / "example.json", Example) == VALID


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_record_with_other_fields_or_types_is_rejected_in_one_line(
    tmp_path: Path, fault: object
) -> None:
    path = tmp_path / "example.json"
    path.write_text(json.dumps(fault), encoding="utf-8")
    with pytest.raises(RunError, match=r"example\.json is damaged") as rejection:
        read_record(path, Example)
    assert "\n" not in str(rejection.value)


def test_missing_record_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"example\.json cannot be read"):
        read_record(tmp_path / "example.json", Example)


def new_run(dataset: Dataset, folder: Path, **settings: object) -> Run:
    return create_run(load_recipe("mlp", settings), dataset, describe_environment(1), folder)


def check_rejected_in_one_line(folder: Path) -> None:
    (folder / "metrics.json").unlink()
    with pytest.raises(TendigitsError) as rejection:
        resume(folder, quiet=True)
    assert str(folder) in str(rejection.value)
    assert "\n" not in str(rejection.value)


def read_json(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return value


def strict_json(text: str) -> dict[str, Any]:
    """Parse standard JSON, which has no NaN and Infinity."""

    def reject(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    value: dict[str, Any] = json.loads(text, parse_constant=reject)
    return value


def test_history_and_metrics_of_a_run_are_data(run: Run, copy: Path) -> None:
    assert [each.epoch for each in run.history] == list(range(1, len(run.history) + 1))
    assert run.metrics.images == run.data.test_images
    assert repr(run) == f"Run({str(run.folder)!r}, recipe='mlp', data='small-mnist')"
    (copy / "metrics.json").unlink()
    with pytest.raises(RunError, match="not been tested yet; continue it: tendigits train"):
        print(load_run(copy).metrics)
