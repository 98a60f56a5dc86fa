"""Training: the loop, its data and optimisers, and the run folder that records it."""

import os

# Threads of OpenMP wait for each other by spinning; on a machine with other work that takes the
# time from those they wait for. It is read when torch is imported; see docs/experiments.md.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

from tendigits.training.distillation import with_pinned_teacher
from tendigits.training.environment import (
    Device,
    computing_threads,
    describe_environment,
    started_processes,
)
from tendigits.training.fine_tuning import (
    describe_fine_tuning,
    fine_tuning_recipe,
    images_to_train_on,
    read_start,
)
from tendigits.training.fit import TrainingState, fit
from tendigits.training.history import EpochResult, read_history
from tendigits.training.run_folder import (
    Run,
    classifier_of_run,
    create_run,
    load_network,
    load_run,
    load_run_data,
)
from tendigits.training.run_lock import run_lock
from tendigits.training.train_run import train_run
from tendigits.training.training_data import build_training_data

__all__ = [
    "Device",
    "EpochResult",
    "Run",
    "TrainingState",
    "build_training_data",
    "classifier_of_run",
    "computing_threads",
    "create_run",
    "describe_environment",
    "describe_fine_tuning",
    "fine_tuning_recipe",
    "fit",
    "images_to_train_on",
    "load_network",
    "load_run",
    "load_run_data",
    "read_history",
    "read_start",
    "run_lock",
    "started_processes",
    "train_run",
    "with_pinned_teacher",
]
