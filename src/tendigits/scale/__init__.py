"""What outgrows one process or one machine, on engines that exist: torchrun, Optuna, Ray."""

import os


def is_follower() -> bool:
    """Return whether this process is one of torchrun's, and not the first."""
    return "TORCHELASTIC_RUN_ID" in os.environ and os.environ["RANK"] != "0"
