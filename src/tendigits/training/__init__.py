"""Training: the loop, its batches and checkpoints, and the run folder."""

from tendigits.training.device import Device, computing_threads
from tendigits.training.environment import Environment, describe_environment
from tendigits.training.fine_tuning import Start, fine_tuning_recipe
from tendigits.training.history import EpochResult, read_history
from tendigits.training.loop import train_classifier
from tendigits.training.reporter import Reporter, Silent
from tendigits.training.run import Run, create_run, load_network, load_run, load_run_data
from tendigits.training.teacher import with_pinned_teacher

__all__ = [
    "Device",
    "Environment",
    "EpochResult",
    "Reporter",
    "Run",
    "Silent",
    "Start",
    "computing_threads",
    "create_run",
    "describe_environment",
    "fine_tuning_recipe",
    "load_network",
    "load_run",
    "load_run_data",
    "read_history",
    "train_classifier",
    "with_pinned_teacher",
]
