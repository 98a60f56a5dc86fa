"""What a training computes on: device and precision, chosen at its start."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

from tendigits.errors import RunError
from tendigits.networks.linear import fits_onednn, product
from tendigits.recipes import Precision

Device = Literal["auto", "cpu", "cuda"]


def choose_device(wanted: Device) -> torch.device:
    """Return the device to train on; `auto` is CUDA where there is some.

    Raises:
        RunError: CUDA is wanted and there is none.
    """
    if wanted == "cuda" and not torch.cuda.is_available():
        raise RunError("There is no CUDA device here; leave out --device, or give --device cpu.")
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(wanted)


def choose_precision(wanted: Precision, device: torch.device) -> Literal["float32", "bfloat16"]:
    """Return the type of a network's products; `auto` is bfloat16 where there are units for it.

    Asked of the machine and not timed, so that it is the same in every run.
    """
    if wanted == "auto":
        return "bfloat16" if _has_bfloat16_units(device) else "float32"
    return wanted


@contextmanager
def computing_threads(count: int) -> Iterator[None]:
    """Let torch compute with `count` threads, and then with as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def matrix_rate(dtype: torch.dtype, device: torch.device) -> float:
    """Return the operations a second that a large product of `dtype` reaches on `device`."""
    return max(_rate(dtype, device) for _ in range(3))


def _has_bfloat16_units(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(unit, False) for unit in ("avx512_bf16", "amx_bf16"))


def _rate(dtype: torch.dtype, device: torch.device, size: int = 1024) -> float:
    generator = torch.Generator(device).manual_seed(0)
    matrix = torch.rand(size, size, device=device, generator=generator).to(dtype)
    multiply = product if fits_onednn(matrix) else torch.nn.functional.linear
    multiply(matrix, matrix)  # the first call also sets things up
    _wait_for(device)
    started = time.perf_counter()
    multiply(matrix, matrix)
    _wait_for(device)
    return 2 * size**3 / (time.perf_counter() - started)


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
