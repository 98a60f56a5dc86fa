import pytest
import torch

from tendigits.errors import RunError
from tendigits.training.device import (
    choose_device,
    choose_precision,
    computing_threads,
    matrix_rate,
)

CPU = torch.device("cpu")


def test_auto_is_cuda_only_where_there_is_some() -> None:
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_the_cpu_can_always_be_chosen() -> None:
    assert choose_device("cpu") == CPU


def test_cuda_that_is_not_there_is_rejected() -> None:
    if torch.cuda.is_available():
        assert choose_device("cuda").type == "cuda"
    else:
        with pytest.raises(RunError, match="no CUDA device"):
            choose_device("cuda")


def test_a_precision_that_is_given_is_taken() -> None:
    assert choose_precision("float32", CPU) == "float32"
    assert choose_precision("bfloat16", CPU) == "bfloat16"


def test_auto_is_bfloat16_only_where_the_machine_has_units_for_it() -> None:
    capabilities = torch.cpu.get_capabilities()
    has_units = capabilities.get("avx512_bf16", False) or capabilities.get("amx_bf16", False)
    assert choose_precision("auto", CPU) == ("bfloat16" if has_units else "float32")


def test_the_matrix_rate_is_that_of_a_real_machine() -> None:
    assert 1e9 < matrix_rate(torch.float32, CPU) < 1e14


def test_the_number_of_threads_is_set_and_set_back() -> None:
    before = torch.get_num_threads()
    with computing_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
