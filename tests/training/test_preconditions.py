import socket
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tendigits import RunError, resume, train
from tendigits.data import Dataset
from tendigits.recipes import Recipe, load_recipe
from tendigits.scale import torchrun
from tendigits.training import create_run, describe_environment
from tendigits.training.preconditions import reject_untrainable

CPU = describe_environment(threads=1, device="cpu")
CUDA = replace(CPU, device="cuda")


def sequential(*layers: str | dict[str, object]) -> Recipe:
    network = {"kind": "sequential", "layers": list(layers)}
    return Recipe.model_validate({**load_recipe("mlp").model_dump(), "network": network})


@pytest.fixture
def _two_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process be the first of two that torchrun has started on this machine."""
    variables = {"TORCHELASTIC_RUN_ID": "x", "RANK": "0", "LOCAL_RANK": "0"}
    for name, value in {**variables, "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("_two_processes")
@pytest.mark.parametrize("layer", ["batch_norm", {"kind": "dropout", "fraction": 0.5}])
def test_layer_that_processes_cannot_share_is_rejected_before_a_folder_is_made(
    layer: str | dict[str, object], small_mnist: Dataset, tmp_path: Path
) -> None:
    recipe = sequential("flatten", {"kind": "linear", "units": 8}, layer)
    with pytest.raises(RunError, match=r"^torchrun cannot share batch_norm after linear layers"):
        train(recipe, data=small_mnist, out=tmp_path / "run", threads=1, quiet=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("_two_processes")
def test_batch_norm_after_convolutions_is_shared() -> None:
    reject_untrainable(sequential({"kind": "conv", "channels": 4}, "batch_norm", "relu"), CPU)


@pytest.mark.usefixtures("_two_processes")
def test_more_processes_than_gpus_of_a_machine_are_rejected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(RunError, match=r"^2 processes need as many GPUs, and this machine has 1"):
        reject_untrainable(load_recipe("mlp"), CUDA)
    reject_untrainable(load_recipe("mlp"), CPU)


def test_run_on_cuda_is_not_resumed_where_there_is_no_gpu(
    small_mnist: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    run = create_run(load_recipe("mlp"), small_mnist, CUDA, tmp_path / "run")
    with pytest.raises(
        RunError, match=r"^The run was started on CUDA, which is not available here"
    ):
        resume(run.folder, quiet=True)


def test_processes_on_cpus_leave_the_gpus_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    variables = {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    chosen: list[int] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    with torchrun._joined():
        group = torchrun._group_of_steps("cpu", torchrun.Place(0, 1, 0, 1))
        assert (group.size(), chosen) == (1, [])
