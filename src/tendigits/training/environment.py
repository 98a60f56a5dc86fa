"""The machine and software of a run: device, precision, threads, versions; and its speed."""

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import torch
from pydantic import PositiveInt
from torch import nn

from tendigits.data import IMAGE_SIZE
from tendigits.errors import RunError
from tendigits.networks import count_multiply_adds
from tendigits.networks.architectures import fits_onednn, matmul
from tendigits.recipes import Precision
from tendigits.training.history import EpochResult

Device = Literal["auto", "cpu", "cuda"]

PASSES_PER_STEP = 3  # forward, and backward to the weights and to the inputs
# Of the matrix multiplication that is timed: a GPU would finish the small one before its launch.
MATRIX_SIZES = {"cpu": 1024, "cuda": 8192}
_LIBRARIES = ("tendigits", "torch", "numpy", "safetensors", "matplotlib")


@dataclass(frozen=True)
class Environment:
    """What a run was trained on.

    Attributes:
        started: the time of its start, in UTC, ISO 8601.
        threads: the number of torch's threads.
        device: `cpu` or `cuda`.
        precision: the type of the network's matrix multiplications.
        cpu: the processor's name.
        cores: the number of its cores that the process could use.
        system: the operating system.
        python: Python's version.
        versions: the versions of the libraries on which the results depend.
        git_revision: the commit of the package's own checkout, with `+changes` where it had
            uncommitted changes; None when the package was not run from a checkout.
        processes: the number of processes that trained together; each had `threads` threads.
    """

    started: str
    threads: PositiveInt
    device: Literal["cpu", "cuda"]
    precision: Literal["float32", "bfloat16"]
    cpu: str
    cores: int
    system: str
    python: str
    versions: dict[str, str]
    git_revision: str | None
    processes: PositiveInt = 1

    @property
    def summary(self) -> dict[str, str]:
        """All of it in words, by topic."""
        threads = f"{self.threads} threads"
        if self.processes > 1:
            threads = f"{self.processes} processes with {threads} each"
        return {
            "machine": f"{self.cpu}, {threads}, {self.device}, {self.precision}",
            "system": self.system,
            "started": self.started,
            "revision": self.git_revision or "unknown",
            "python": self.python,
            **self.versions,
        }

    @property
    def page_workers(self) -> int:
        """The number of processes that make pages for a finder.

        A core makes pages three times as fast as it trains on them.
        """
        return max(1, self.cores - 1 if self.device == "cuda" else self.cores // 3)

    @property
    def beside_page_workers(self) -> "Environment":
        """The same with as many threads fewer as there are processes that make pages."""
        return replace(self, threads=max(1, self.threads - self.page_workers))

    @property
    def torch_device(self) -> torch.device:
        """The device for torch."""
        return torch.device(self.device)

    @property
    def torch_precision(self) -> torch.dtype:
        """The precision as a type of torch."""
        return torch.bfloat16 if self.precision == "bfloat16" else torch.float32


@dataclass(frozen=True)
class Speed:
    """How fast a training was, and what its machine can do.

    Attributes:
        images_per_second: the median of the epochs.
        operations_per_second: multiplications and additions of the network at that speed.
        matrix_rate: operations per second in a large matrix multiplication of the same precision
            on this machine, times the number of processes that trained together.
        precision: that precision.
        data_fraction: the fraction of the time in which batches were made.
    """

    images_per_second: float
    operations_per_second: float
    matrix_rate: float
    precision: str
    data_fraction: float

    def line(self) -> str:
        """Return the speed in one line."""
        fraction = self.operations_per_second / self.matrix_rate
        return (
            f"Speed: {self.images_per_second:,.0f} images/s; "
            f"{self.operations_per_second / 1e9:,.0f} GFLOP/s in matrix multiplications, "
            f"{100 * fraction:.0f} % of the {self.matrix_rate / 1e9:,.0f} GFLOP/s of a large "
            f"{self.precision} matrix multiplication on this machine; data loading took "
            f"{100 * self.data_fraction:.0f} % of the time"
        )


def describe_environment(
    threads: int | None = None, device: Device = "auto", precision: Precision = "float32"
) -> Environment:
    """Return the environment of a run that is started here and now.

    Args:
        threads: the number of torch's threads; its own default when None.
        device: `auto` is CUDA where it is available.
        precision: `auto` is bfloat16 where the device supports it in hardware.

    Raises:
        RunError: `threads` is not positive, or the device is not available.
    """
    if threads is not None and threads < 1:
        raise RunError(f"Invalid number of threads: {threads}; give 1 or more.")
    chosen = choose_device(device)
    return Environment(
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        threads=threads or torch.get_num_threads(),
        device="cuda" if chosen.type == "cuda" else "cpu",
        precision=choose_precision(precision, chosen),
        cpu=_cpu_name(),
        cores=len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1,
        system=platform.platform(),
        python=platform.python_version(),
        versions={library: version(library) for library in _LIBRARIES},
        git_revision=_git_revision(Path(__file__).parent),
        processes=started_processes(),
    )


def started_processes() -> int:
    """Return the number of processes that torchrun has started together with this one; else 1."""
    return int(os.environ["WORLD_SIZE"]) if "TORCHELASTIC_RUN_ID" in os.environ else 1


def choose_device(wanted: Device) -> torch.device:
    """Return the device to train on; `auto` is CUDA where it is available.

    Raises:
        RunError: CUDA is wanted and not available.
    """
    if wanted == "cuda" and not torch.cuda.is_available():
        raise RunError("CUDA is not available; use --device cpu, or leave out --device.")
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(wanted)


def choose_precision(wanted: Precision, device: torch.device) -> Literal["float32", "bfloat16"]:
    """Return the type of matrix multiplications; `auto` is bfloat16 where hardware supports it.

    It depends on the hardware's capabilities, not on timings, so that every run gets the same.
    """
    if wanted == "auto":
        return "bfloat16" if _has_bfloat16_units(device) else "float32"
    return wanted


@contextmanager
def computing_threads(count: int) -> Iterator[None]:
    """Set the number of torch's threads, and restore it afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def describe_speed(
    network: nn.Module,
    history: Sequence[EpochResult],
    environment: Environment,
    image_size: int = IMAGE_SIZE,
) -> Speed:
    """Return the speed of a training beside the machine's matrix rate, which is measured now.

    Its images have `image_size` pixels along a side, or as many pixels on average.
    """
    images_per_second = statistics.median(result.images_per_second for result in history)
    operations_per_image = 2 * PASSES_PER_STEP * count_multiply_adds(network, image_size)
    return Speed(
        images_per_second=images_per_second,
        operations_per_second=operations_per_image * images_per_second,
        matrix_rate=environment.processes
        * matrix_rate(environment.torch_precision, environment.torch_device),
        precision=environment.precision,
        data_fraction=statistics.median(
            result.data_milliseconds_per_step / result.milliseconds_per_step for result in history
        ),
    )


def matrix_rate(dtype: torch.dtype, device: torch.device) -> float:
    """Return the operations per second in a large matrix multiplication on `device`."""
    size = MATRIX_SIZES[device.type]
    return max(_rate(dtype, device, size) for _ in range(3))


def wait_for(device: torch.device) -> None:
    """Wait until a GPU has finished all that it was given to do."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _has_bfloat16_units(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(unit, False) for unit in ("avx512_bf16", "amx_bf16"))


def _rate(dtype: torch.dtype, device: torch.device, size: int) -> float:
    generator = torch.Generator(device).manual_seed(0)
    matrix = torch.rand(size, size, device=device, generator=generator).to(dtype)
    multiply = matmul if fits_onednn(matrix) else torch.nn.functional.linear
    multiply(matrix, matrix)  # the first call includes initialisation
    wait_for(device)
    started = time.perf_counter()
    multiply(matrix, matrix)
    wait_for(device)
    return 2 * size**3 / (time.perf_counter() - started)


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _git_revision(folder: Path) -> str | None:
    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", __file__)  # a checkout of another project does not count
        return git("rev-parse", "HEAD") + ("+changes" if git("status", "--porcelain") else "")
    except (OSError, subprocess.SubprocessError):
        return None
