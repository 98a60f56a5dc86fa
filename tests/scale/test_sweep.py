import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import CommandLine, command
from tendigits import train
from tendigits.data import Dataset
from tendigits.errors import RunError
from tendigits.recipes import load_recipe
from tendigits.scale import sweep as sweep_module
from tendigits.scale import threads_of_each
from tendigits.scale.sweep import ATTEMPTS, Sweep, describe_sweep, train_sweep
from tendigits.training import load_run
from tendigits.training.checkpoint import find_checkpoints


def test_sweep_takes_up_killed_runs_and_compares_recipes_by_seed(
    small_mnist_folder: Path, tmp_path: Path
) -> None:
    words: tuple[str, ...] = (
        "sweep",
        "mlp",
        "tiny.toml",
        "--seeds",
        "0:2",
        "--jobs",
        "2",
        "-o",
        "runs",
    )
    words = (*words, "--data", str(small_mnist_folder), "--set", "epochs=2")
    (tmp_path / "tiny.toml").write_text(
        load_recipe("mlp", {"network.widths": [8], "name": "tiny"}).to_toml(), encoding="utf-8"
    )
    sweep = subprocess.Popen(
        command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    checkpoints = tmp_path / "runs"
    while not (found := [each for each in checkpoints.glob("*-seed0") if has_checkpoint(each)]):
        assert sweep.poll() is None, sweep.communicate()
        time.sleep(0.01)
    os.kill(child_with(found[0].name, sweep.pid), signal.SIGKILL)
    stdout, stderr = sweep.communicate(timeout=200)
    assert (sweep.returncode, stderr) == (0, "")
    assert stdout.count("test accuracy") == 4 + 2
    assert "mlp, 2 seeds: test accuracy " in stdout
    assert "tiny - mlp: -" in stdout
    assert "paired t-test by seed" in stdout
    written = {path: path.stat().st_mtime_ns for path in checkpoints.rglob("weights.safetensors")}
    assert len(written) == 4

    # Again: one folder is damaged, and the others are complete and not trained again.
    damaged = next(checkpoints.glob("tiny-*-seed1"))
    (damaged / "data.json").write_text("{}", encoding="utf-8")
    recipes = tuple(
        load_recipe(each).changed({"epochs": 2}) for each in ("mlp", tmp_path / "tiny.toml")
    )
    said: list[str] = []
    again = Sweep(recipes, range(2), str(small_mnist_folder), checkpoints, jobs=2)
    with pytest.raises(RunError, match=r"^1 of 4 runs failed; the same command tries them again: "):
        train_sweep(again, said.append)
    assert sum("test accuracy" in line for line in said) == 3
    assert {path: path.stat().st_mtime_ns for path in written} == written


@pytest.fixture(scope="module")
def complete(small_mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a complete run."""
    folder = tmp_path_factory.mktemp("complete") / "run"
    settings = {"epochs": 1, "network.widths": [5]}
    return train("mlp", settings, data=small_mnist, out=folder, threads=1, quiet=True).folder


def process_ends(code: int) -> "subprocess.CompletedProcess[str]":
    return subprocess.CompletedProcess([], code, stderr="tendigits: Failed.\n")


def test_every_run_has_its_own_settings_if_names_have_dots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Path] = []

    def start(_train: str, recipe: str, *_options: str) -> "subprocess.CompletedProcess[str]":
        started.append(Path(recipe))
        return process_ends(2)

    monkeypatch.setattr(sweep_module, "_run_tendigits", start)
    rates = {"lr0.01": 0.01, "lr0.02": 0.02}
    recipes = tuple(
        load_recipe("mlp", {"name": name, "optimizer.learning_rate": rate})
        for name, rate in rates.items()
    )
    with pytest.raises(RunError, match=r"^4 of 4 runs failed; .*-seed0 \(Failed\)"):
        train_sweep(Sweep(recipes, range(2), "mnist", tmp_path, jobs=2), lambda _line: None)
    trained = sorted(
        (each.name, each.optimizer.learning_rate, each.seed) for each in map(load_recipe, started)
    )
    assert trained == [(name, rate, seed) for name, rate in rates.items() for seed in (0, 1)]


def test_run_that_the_last_attempt_completes_has_not_failed(
    complete: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[tuple[str, ...]] = []
    sweep = Sweep((load_recipe("mlp"),), range(1), "mnist", tmp_path, jobs=1)
    (folder,) = sweep.runs

    def start(*words: str) -> "subprocess.CompletedProcess[str]":
        attempts.append(words)
        if len(attempts) < ATTEMPTS:
            return process_ends(-signal.SIGKILL)
        shutil.copytree(complete, folder)
        return process_ends(0)

    monkeypatch.setattr(sweep_module, "_run_tendigits", start)
    said: list[str] = []
    (run,) = train_sweep(sweep, said.append)
    assert (run.folder, len(attempts)) == (folder, ATTEMPTS)
    assert said[0].startswith("mlp seed 0: test accuracy ")


def test_equal_settings_are_one_run(tmp_path: Path) -> None:
    mlp = load_recipe("mlp")
    recipes = mlp, mlp, mlp.changed({"epochs": 1})
    sweep = Sweep(recipes, range(2), "mnist", tmp_path, jobs=1)
    assert [(each.epochs, each.seed) for each in sweep.runs.values()] == [
        (mlp.epochs, 0),
        (mlp.epochs, 1),
        (1, 0),
        (1, 1),
    ]


def test_complete_runs_of_other_images_are_not_reported_again(
    complete: Path, small_mnist_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    monkeypatch.setattr(sweep_module, "_run_tendigits", lambda *words: started.append(words))
    data = shutil.copytree(small_mnist_folder, tmp_path / "data")
    sweep = Sweep((load_recipe("mlp"),), range(1), str(data), tmp_path / "out", jobs=1)
    (folder,) = sweep.runs
    shutil.copytree(complete, folder)
    assert len(train_sweep(sweep, lambda _line: None)) == 1
    labels = data / "train-labels-idx1-ubyte"
    content = labels.read_bytes()
    labels.write_bytes(content[:-1] + bytes([(content[-1] + 1) % 10]))
    with pytest.raises(RunError, match=r"was trained on other images of .*; choose another --out"):
        train_sweep(sweep, lambda _line: None)
    assert not started


def test_threads_are_shared_out_also_where_processes_cannot_be_bound_to_cores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert [threads_of_each(jobs) for jobs in (1, 3, 8, 16)] == [8, 2, 1, 1]


def test_recipes_of_one_name_are_told_apart_by_their_checksums(
    complete: Path, tmp_path: Path
) -> None:
    names = "mlp-11111111-seed0", "mlp-22222222-seed0"
    runs = [load_run(shutil.copytree(complete, tmp_path / name)) for name in names]
    first, second, difference = describe_sweep(runs).splitlines()
    assert first.startswith("mlp-11111111, 1 seed: test accuracy ")
    assert second.startswith("mlp-22222222, 1 seed: test accuracy ")
    assert difference == "mlp-22222222 - mlp-11111111: +0.00 points"
    assert describe_sweep(runs[:1]).startswith("mlp, 1 seed: ")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--seeds", "3"), "Invalid value for --seeds: 3; write 0:10 for the seeds 0 to 9."),
        (("--trials", "3"), "--trials and --study belong to a search; add --search SPACE.toml."),
        (("--search", "x.toml", "--trials", "1"), "x.toml cannot be read: No such file"),
        (("--search", "x.toml", "--seeds", "0:2"), "A search has one seed, that of its recipe;"),
    ],
)
def test_invalid_options_are_reported_in_one_sentence(
    words: tuple[str, ...], sentence: str, tendigits: CommandLine, tmp_path: Path
) -> None:
    result = tendigits("sweep", "mlp", *words, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"tendigits: {sentence}")
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def has_checkpoint(folder: Path) -> bool:
    return bool(find_checkpoints(folder / "checkpoints")) and not load_run(folder).is_complete


def child_with(word: str, parent: int) -> int:
    """Return the child of a process whose command line contains a word."""
    tasks = Path(f"/proc/{parent}/task").glob("*/children")
    children = [child for task in tasks for child in task.read_text(encoding="utf-8").split()]
    (found,) = [
        int(child)
        for child in children
        if word.encode() in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
    return found
