"""What a run was made with: versions, machine, threads, git revision."""

import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import torch
from pydantic import PositiveInt

from tendigits.errors import RunError
from tendigits.recipes import Precision
from tendigits.training.device import Device, choose_device, choose_precision

_LIBRARIES = ("tendigits", "torch", "numpy", "safetensors", "matplotlib")


@dataclass(frozen=True)
class Environment:
    """What a run was made with.

    Attributes:
        started: when, in UTC, ISO 8601.
        threads: how many threads torch computed with.
        device: `cpu` or `cuda`.
        precision: the type of the network's products.
        cpu: the processor's name.
        cores: how many of its cores the process could use.
        system: the operating system.
        python: Python's version.
        versions: the versions of the libraries that the figures depend on.
        git_revision: the commit of the package's own checkout, with `+changes` where it had
            uncommitted ones; None when it was not run from a checkout.
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


def describe_environment(
    threads: int | None = None, device: Device = "auto", precision: Precision = "float32"
) -> Environment:
    """Return what a run here is made with, `threads` being torch's own choice when None.

    Raises:
        RunError: `threads` is no positive number, or the device is not there.
    """
    if threads is not None and threads < 1:
        raise RunError(f"{threads} threads cannot compute; give 1 or more.")
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
    )


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
        git("ls-files", "--error-unmatch", __file__)  # a checkout of something else does not count
        return git("rev-parse", "HEAD") + ("+changes" if git("status", "--porcelain") else "")
    except (OSError, subprocess.SubprocessError):
        return None
