import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tendigits import evaluate, export_model, load_run, resume, train
from tendigits.data import Dataset
from tendigits.errors import RunError
from tendigits.training import Run, load_run_data


@pytest.fixture(scope="module")
def run(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run made from arrays of floats without a test part."""
    arrays = (mnist.train.images[:400] / 255, mnist.train.labels[:400])
    folder = tmp_path_factory.mktemp("arrays") / "run"
    small = {"epochs": 1, "network.widths": [5]}
    return train("mlp", small, data=arrays, out=folder, threads=1, quiet=True)


def test_run_made_from_arrays_keeps_them_and_can_be_evaluated_where_it_is_moved(
    run: Run, tmp_path: Path
) -> None:
    recorded = json.loads(run.metrics_file.read_text(encoding="utf-8"))["accuracy"]
    assert evaluate(run).accuracy == recorded
    moved = shutil.copytree(run.folder, tmp_path / "moved")
    assert evaluate(moved).accuracy == recorded
    assert load_run_data(load_run(moved)).checksums == run.data.sha256


def test_made_split_and_scaled_grey_levels_are_recorded(run: Run) -> None:
    data = json.loads((run.folder / "data.json").read_text(encoding="utf-8"))
    assert (data["name"], data["source"]) == ("arrays", "data.npz")
    scaled, split = data["notes"]
    assert "multiplied by 255" in scaled
    assert split.startswith(f"arrays has no test part: {data['test_images']} of its 400 images")


def test_run_made_from_arrays_is_resumed_and_exported(run: Run, tmp_path: Path) -> None:
    copy = load_run(shutil.copytree(run.folder, tmp_path / "run"))
    copy.metrics_file.unlink()
    resume(copy, quiet=True)
    assert copy.metrics_file.read_bytes() == run.metrics_file.read_bytes()
    info = export_model(copy, tmp_path / "model.onnx").info
    assert (info.data, info.data_sha256) == ("arrays", run.data.sha256)


def test_changed_arrays_are_noticed(run: Run, tmp_path: Path) -> None:
    copy = load_run(shutil.copytree(run.folder, tmp_path / "run"))
    with np.load(copy.folder / "data.npz") as arrays:
        changed = dict(arrays)
    changed["y_test"] = (changed["y_test"] + 1) % 10
    np.savez(copy.folder / "data.npz", allow_pickle=False, **changed)
    with pytest.raises(RunError, match=r"data\.npz has changed"):
        load_run_data(copy)
