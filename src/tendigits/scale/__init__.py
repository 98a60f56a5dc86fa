"""What outgrows one process or one machine, on engines that exist: torchrun, Optuna, Ray."""

import os


def is_follower() -> bool:
    """Return whether this process is one of torchrun's, and not the first."""
    return "TORCHELASTIC_RUN_ID" in os.environ and os.environ["RANK"] != "0"


def threads_of_each(jobs: int) -> int:
    """Return the threads of each of `jobs` processes, so that together they use all cores."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, cores // jobs)
