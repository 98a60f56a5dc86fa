import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import CommandLine, command
from tendigits.errors import RunError
from tendigits.recipes import load_recipe
from tendigits.scale.sweep import Sweep, train_sweep
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


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--seeds", "3"), "Invalid value for --seeds: 3; write 0:10 for the seeds 0 to 9."),
        (("--trials", "3"), "--trials and --study belong to a search; add --search SPACE.toml."),
        (("--search", "x.toml", "--trials", "1"), "x.toml cannot be read: No such file"),
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
