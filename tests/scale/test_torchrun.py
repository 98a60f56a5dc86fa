import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from safetensors.torch import load_file
from torch import Tensor

from tendigits.training import load_run
from tendigits.training.checkpoint import find_checkpoints

Trained = tuple[Path, str]

# Convolutions with batch normalisation, augmentation that mixes the images of a batch, and 31
# batches of 58 images and one of 2, which is fewer than there are processes. With SGD in float32,
# rounding is not amplified, as it is by Adam and by Muon's bfloat16.
SMALL = (
    *("train", "fast", "--set", "network.stages=[[6], [8]]", "--set", "network.stem_channels=4"),
    *("--set", "augmentation.neighbour_fragments=0.3", "--set", "augmentation.noise=0.1"),
    *("--batch-size", "58", "--epochs", "2", "--set", "precision=float32"),
    *("--set", "optimizer.kind=sgd", "--set", "optimizer.learning_rate=0.02"),
    *("--set", "ema_decay=0.9"),
)


@pytest.fixture(scope="module")
def trained(
    small_mnist_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[int], Trained]:
    """Train in so many processes, once, and return the run folder and what was printed."""

    @cache
    def train(processes: int) -> Trained:
        folder = tmp_path_factory.mktemp("runs") / "run"
        words = (*SMALL, "--data", small_mnist_folder, "-o", folder)
        result = finished(started(processes, *words, *(() if processes else ("--threads", "1"))))
        assert result.returncode == 0, result.stderr
        return folder, result.stdout

    return train


@pytest.mark.parametrize("processes", [2, 4])
def test_several_processes_give_the_weights_of_one(
    processes: int, trained: Callable[[int], Trained]
) -> None:
    one, _ = trained(0)
    several, printed = trained(processes)
    assert f"{processes} processes with 1 threads each, on cpu\n" in printed
    cores = len(os.sched_getaffinity(0))
    assert ("Warning" in printed) == (processes > cores)
    assert files_of(several) == files_of(one)
    assert load_run(several).environment.processes == processes
    assert largest_difference(weights_of(one), weights_of(several)) < 1e-4
    assert largest_difference(weights_of(one), initial_weights(one)) > 1e-2


def test_run_with_a_killed_process_ends_and_resumes_with_the_same_bits(
    trained: Callable[[int], Trained], small_mnist_folder: Path, tmp_path: Path
) -> None:
    # Of four numbers, unlike two, the sum depends on the order.
    whole, _ = trained(4)
    cut = tmp_path / "cut"
    training = started(4, *SMALL, "--data", small_mnist_folder, "-o", cut)
    while not find_checkpoints(cut / "checkpoints"):
        assert training.poll() is None
        time.sleep(0.01)
    killed = time.monotonic()
    os.kill(process_of_rank(1, training.pid), signal.SIGKILL)
    assert finished(training).returncode != 0
    assert time.monotonic() - killed < 60
    run = load_run(cut)
    assert not run.weights.exists()
    assert run.command_to_resume.startswith("torchrun --nproc-per-node 4 -m tendigits train")
    result = finished(started(4, "train", "--resume", cut))
    assert result.returncode == 0, result.stderr
    assert "Resuming after epoch" in result.stdout
    assert run.weights.read_bytes() == (whole / "weights.safetensors").read_bytes()


def test_invalid_recipe_is_one_sentence_also_with_two_processes() -> None:
    result = finished(started(2, "train", "mpl"))
    lines = [line for line in result.stderr.splitlines() if line.startswith("tendigits: ")]
    assert lines == ["tendigits: There is no shipped recipe and no file mpl; did you mean mlp?"]
    assert "exitcode  : 2" in result.stderr  # torchrun's own exit code is always 1


def test_finder_is_rejected_with_several_processes(tmp_path: Path) -> None:
    result = finished(started(2, "train", "finder", "-o", tmp_path / "run"))
    assert "tendigits: A finder is trained in one process; leave out torchrun." in result.stderr
    assert not (tmp_path / "run").exists()


def started(processes: int, *words: str | Path) -> subprocess.Popen[str]:
    """Start `tendigits`, with torchrun unless `processes` is 0."""
    torchrun = ["torch.distributed.run", "--nproc-per-node", str(processes), "-m"]
    return subprocess.Popen(
        [sys.executable, "-m", *(torchrun if processes else []), "tendigits", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def finished(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    stdout, stderr = process.communicate(timeout=280)
    return subprocess.CompletedProcess([], process.returncode, stdout, stderr)


def process_of_rank(rank: int, torchrun: int) -> int:
    """Return the process of a rank among the children of torchrun."""
    children = Path(f"/proc/{torchrun}/task/{torchrun}/children").read_text(encoding="utf-8")
    (process,) = [
        int(child)
        for child in children.split()
        if f"RANK={rank}".encode() in Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
    ]
    return process


def files_of(folder: Path) -> set[str]:
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in names if not name.startswith("checkpoints/")}


def weights_of(folder: Path) -> dict[str, Tensor]:
    return load_file(folder / "weights.safetensors")


def initial_weights(folder: Path) -> dict[str, Tensor]:
    from tendigits.networks import build_classifier

    return build_classifier(load_run(folder).recipe).state_dict()


def largest_difference(first: dict[str, Tensor], second: dict[str, Tensor]) -> float:
    return max(
        float((tensor.double() - second[name].double()).abs().max())
        for name, tensor in first.items()
    )
