"""Fuzzing: runs where FUZZ_SECONDS says for how long, by `make fuzz`."""

import os

import pytest

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
collect_ignore_glob = [] if SECONDS else ["test_*.py"]
# What each test gets of the time; pictures have the most formats and the most code behind them.
PICTURES, OTHERS = 0.6, 0.05


@pytest.fixture(scope="session")
def picture_seconds() -> float:
    return PICTURES * SECONDS


@pytest.fixture(scope="session")
def other_seconds() -> float:
    return OTHERS * SECONDS
