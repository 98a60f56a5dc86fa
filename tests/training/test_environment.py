import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import pytest
import torch

import tendigits
from tendigits.errors import RunError
from tendigits.networks import build_network, count_multiply_adds
from tendigits.recipes import load_recipe
from tendigits.training import EpochResult, computing_threads, describe_environment
from tendigits.training.environment import (
    choose_device,
    choose_precision,
    describe_speed,
    matrix_rate,
    wait_for,
)

CPU = torch.device("cpu")
CUDA = torch.device("cuda")

PRINT_REVISIONS = """
import subprocess, tendigits
from tendigits.training import describe_environment

def revision():
    print(describe_environment(None).git_revision)

def git(*words):
    who = ("-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], check=True, capture_output=True)

revision()
git("init")
revision()
git("add", "tendigits/training")
git("commit", "-m", "all")
git("status")
open(".git/info/exclude", "a").write("*")
revision()
git("rm", "--cached", "tendigits/training/history.py")
revision()
git("rev-parse", "HEAD")
print(open(".git/refs/heads/" + open(".git/HEAD").read().strip().rpartition("/")[2]).read())
"""


def test_start_time_is_now_in_utc() -> None:
    started = datetime.fromisoformat(describe_environment(None).started)
    assert started.utcoffset() == UTC.utcoffset(None)
    assert abs((datetime.now(UTC) - started).total_seconds()) < 60


@pytest.mark.parametrize("threads", [1, 3])
def test_number_of_threads_is_the_given_one(threads: int) -> None:
    assert describe_environment(threads).threads == threads


def test_default_number_of_threads_is_that_of_torch() -> None:
    assert describe_environment(None).threads == torch.get_num_threads()


def test_environment_contains_versions_and_machine() -> None:
    environment = describe_environment(None)
    assert environment.versions["tendigits"] == version("tendigits")
    assert environment.versions["torch"] == version("torch")
    assert environment.versions["numpy"] == version("numpy")
    assert environment.python == sys.version.split()[0]
    assert 1 <= environment.cores <= (os.cpu_count() or 1)
    assert environment.cpu
    assert environment.system.startswith(os.uname().sysname)


def test_revision_is_that_of_the_packages_own_checkout(tmp_path: Path) -> None:
    package = Path(tendigits.__file__).parent
    shutil.copytree(package, tmp_path / "tendigits", ignore=shutil.ignore_patterns("mnist"))
    printed = subprocess.run(
        [sys.executable, "-c", PRINT_REVISIONS],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    outside, untracked, committed, changed, head = printed
    assert (outside, untracked) == ("None", "None")
    assert (committed, changed) == (head, f"{head}+changes")
    assert len(head) == 40


@pytest.mark.parametrize("threads", [0, -1])
def test_number_of_threads_must_be_positive(threads: int) -> None:
    with pytest.raises(RunError, match=f"Invalid number of threads: {threads}"):
        describe_environment(threads)


def test_summary_names_machine_threads_and_versions() -> None:
    environment = describe_environment(3, "cpu", "bfloat16")
    summary = environment.summary
    assert summary["machine"].endswith(", 3 threads, cpu, bfloat16")
    assert summary["torch"] == version("torch")


@pytest.mark.parametrize(("available", "expected"), [(True, "cuda"), (False, "cpu")])
def test_auto_chooses_cuda_if_it_is_available(
    monkeypatch: pytest.MonkeyPatch, available: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    assert choose_device("auto").type == expected
    assert choose_device("cpu") == CPU


def test_cuda_is_rejected_if_it_is_not_available(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RunError, match="CUDA is not available"):
        choose_device("cuda")


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({"avx2": True}, "float32"),
        ({"avx2": True, "avx512_bf16": False, "amx_bf16": False}, "float32"),
        ({"avx2": True, "avx512_bf16": True}, "bfloat16"),
        ({"amx_bf16": True}, "bfloat16"),
    ],
)
def test_auto_precision_is_bfloat16_on_a_cpu_with_units_for_it(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], expected: str
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert choose_precision("auto", CPU) == expected


@pytest.mark.parametrize(("supported", "expected"), [(True, "bfloat16"), (False, "float32")])
def test_auto_precision_is_bfloat16_on_a_gpu_that_supports_it_without_emulation(
    monkeypatch: pytest.MonkeyPatch, supported: bool, expected: str
) -> None:
    def is_bf16_supported(*, including_emulation: bool) -> bool:
        return including_emulation or supported

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", is_bf16_supported)
    assert choose_precision("auto", CUDA) == expected


@pytest.mark.parametrize("device", [CPU, CUDA])
def test_given_precision_is_used_on_any_device(device: torch.device) -> None:
    assert choose_precision("float32", device) == "float32"
    assert choose_precision("bfloat16", device) == "bfloat16"


def test_number_of_threads_is_set_and_restored() -> None:
    before = torch.get_num_threads()
    with computing_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(
    ("cores", "device", "workers", "threads"),
    [(1, "cpu", 1, 1), (2, "cpu", 1, 1), (16, "cpu", 5, 11), (16, "cuda", 15, 1)],
)
def test_threads_leave_cores_to_the_processes_that_make_pages(
    cores: int, device: Literal["cpu", "cuda"], workers: int, threads: int
) -> None:
    environment = replace(describe_environment(cores), cores=cores, device=device)
    assert environment.page_workers == workers
    assert environment.beside_page_workers.threads == threads


def test_matrix_rate_is_that_of_a_real_machine() -> None:
    assert 1e9 < matrix_rate(torch.float32, CPU) < 1e14


def test_matrix_rate_of_a_gpu_is_that_of_larger_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    rate = "tendigits.training.environment._rate"
    monkeypatch.setattr(rate, lambda _dtype, _device, size: float(size))
    assert matrix_rate(torch.float32, CUDA) == 8192
    assert matrix_rate(torch.float32, CPU) == 1024


def test_seconds_end_when_the_gpu_has_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "synchronize", waited.append)
    for device in (CPU, CUDA):
        wait_for(device)
    assert waited == [CUDA]


def test_speed_is_the_median_of_the_epochs() -> None:
    history = [
        EpochResult(epoch, 1.0, 2.0, 0.9, 0.3, None, None, rate, data)
        for epoch, rate, data in ((1, 1000.0, 0.4), (2, 3000.0, 0.5), (3, 2000.0, 0.2))
    ]
    network = build_network(load_recipe("mlp").network, seed=0)
    speed = describe_speed(network, history, describe_environment(1))
    assert speed.images_per_second == 2000.0
    # Forward, and backward to the weights and to the inputs; a multiplication and an addition each.
    assert speed.operations_per_second == 2 * 3 * count_multiply_adds(network) * 2000.0
    assert speed.data_fraction == 0.2
    assert "2,000 images/s" in speed.line()
    assert "data loading took 20 % of the time" in speed.line()


SPIN_COUNT_WHEN_TORCH_IS_IMPORTED = """
import os, sys
import tendigits

class Watch:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name == "torch":
            print(os.environ.get("GOMP_SPINCOUNT"))
            raise ModuleNotFoundError(name="torch")

sys.meta_path.insert(0, Watch)
try:
    tendigits.train("mlp")
except tendigits.MissingExtraError:
    pass
"""


@pytest.mark.parametrize(("given", "used"), [(None, "1000"), ("7", "7")])
def test_threads_spin_less_unless_the_user_has_set_it(given: str | None, used: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
    environment |= {} if given is None else {"GOMP_SPINCOUNT": given}
    script = [sys.executable, "-c", SPIN_COUNT_WHEN_TORCH_IS_IMPORTED]
    result = subprocess.run(script, capture_output=True, text=True, check=True, env=environment)
    assert result.stdout == f"{used}\n"
