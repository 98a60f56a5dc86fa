"""What the fuzz tests share: mutations of bytes, and checks until the time is over.

The tests are in files that pytest does not collect by itself; `make fuzz` runs them.
"""

import os
import time
from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Example = TypeVar("Example")
SECONDS = float(os.environ.get("FUZZ_SECONDS", "60"))
# What each test gets of the time; pictures have the most formats and the most code behind them.
PICTURE_SECONDS, OTHER_SECONDS = 0.6 * SECONDS, 0.05 * SECONDS
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


def mutated(content: bytes, seed: int) -> bytes:
    """Return bytes with a few changes: extreme numbers, bits, parts cut, repeated or swapped."""
    random = np.random.default_rng(seed)
    data = bytearray(content)
    for _ in range(int(random.integers(1, 6))):
        if len(data) < 8:
            break
        CHANGES[int(random.integers(len(CHANGES)))](data, random)
    return bytes(data)


def mutations(seeds: Sequence[bytes]) -> SearchStrategy[bytes]:
    """Return the strategy of mutated seeds."""
    return st.builds(mutated, st.sampled_from(seeds), st.integers(0, 2**32))


def check_for(
    seconds: float, least: int, examples: SearchStrategy[Example], check: Callable[[Example], None]
) -> int:
    """Check examples until the time is over, at least so many; return their number."""
    count = 0
    end = time.monotonic() + seconds

    @settings(
        max_examples=25,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(examples)
    def check_some(example: Example) -> None:
        nonlocal count
        count += 1
        check(example)

    while count < least or time.monotonic() < end:
        check_some()
    return count


def _place(size: int, random: np.random.Generator) -> int:
    """Return a place in a file, in its header half of the time."""
    return int(random.integers(min(size, 200) if random.random() < 0.5 else size))


def _part(size: int, random: np.random.Generator) -> slice:
    at = _place(size, random)
    return slice(at, at + int(random.integers(1, 64)))


def _flip_a_bit(data: bytearray, random: np.random.Generator) -> None:
    data[_place(len(data), random)] ^= 1 << int(random.integers(8))


def _write_number(data: bytearray, random: np.random.Generator) -> None:
    at, size = _place(len(data), random), int(random.choice([1, 2, 4]))
    number = int(random.choice(EXTREMES)) & (256**size - 1)
    order: Literal["big", "little"] = "big" if random.random() < 0.5 else "little"
    data[at : at + size] = number.to_bytes(size, order)


def _cut_the_end(data: bytearray, random: np.random.Generator) -> None:
    del data[_place(len(data), random) :]


def _cut_a_part(data: bytearray, random: np.random.Generator) -> None:
    del data[_part(len(data), random)]


def _repeat_a_part(data: bytearray, random: np.random.Generator) -> None:
    part = _part(len(data), random)
    data[part.start : part.start] = data[part] * int(random.integers(1, 50))


def _copy_a_part(data: bytearray, random: np.random.Generator) -> None:
    data[_part(len(data), random)] = data[_part(len(data), random)]


CHANGES: tuple[Callable[[bytearray, np.random.Generator], None], ...] = (
    _flip_a_bit,
    _write_number,
    _cut_the_end,
    _cut_a_part,
    _repeat_a_part,
    _copy_a_part,
)
