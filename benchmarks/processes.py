"""Measurements of whole processes: time, peak memory, output."""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """A finished process: wall-clock seconds, peak resident memory in MiB, standard output."""

    seconds: float
    peak_mib: float
    output: str


def measure_process(words: Sequence[str]) -> Measured:
    """Run a command to its end; raise if it fails."""
    started = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, words)
    # Linux counts ru_maxrss in KiB.
    return Measured(time.perf_counter() - started, usage.ru_maxrss / 1024, output)
