"""Checkpoints: everything that the next epoch depends on, in one file that checks itself.

A checkpoint is a safetensors file whose name holds its epoch and the start of its SHA-256, so
that it appears and is checked as one, and nothing is ever unpickled.
"""

import hashlib
import json
import re
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from tendigits.errors import RunError
from tendigits.files import write_bytes

KEPT = 2  # the newest, and the one before it in case the newest is damaged
_MOMENT = re.compile(r"optimizer\.(\d{1,6})\.([a-z_]+)")
_NAME = re.compile(r"epoch-(\d+)-([0-9a-f]{16})\.safetensors")


def save_checkpoint(
    folder: Path, epoch: int, network: nn.Module, optimizer: torch.optim.Optimizer
) -> Path:
    """Write the state after `epoch` into `folder`, whole; keep the one before it, no other."""
    folder.mkdir(exist_ok=True)
    data = save(_state(network, optimizer), metadata={"epoch": json.dumps(epoch)})
    path = folder / f"epoch-{epoch:03d}-{_digest(data)}.safetensors"
    write_bytes(path, data)
    # Later epochs belong to a course that was given up when the run went back to an earlier one.
    found = [each for each in find_checkpoints(folder) if each != path]
    earlier = [each for each in found if _epoch(each) < epoch]
    for old in {*found} - {*earlier[: KEPT - 1]}:
        old.unlink()
    return path


def find_checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints in `folder`, newest first."""
    found = [path for path in folder.glob("epoch-*.safetensors") if _NAME.fullmatch(path.name)]
    return sorted(found, key=_epoch, reverse=True)


def load_checkpoint(path: Path, network: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """Put the state in `path` into `network`, `optimizer` and torch's generator; return its epoch.

    Raises:
        RunError: the file is damaged or belongs to another network.
    """
    data = path.read_bytes()
    match = _NAME.fullmatch(path.name)
    if match is None or _digest(data) != match[2]:
        raise RunError(f"{path} is damaged: its content does not fit the checksum in its name.")
    try:
        state = load(data)
    except SafetensorError as error:
        raise RunError(f"{path} is damaged ({error}).") from error
    if not _belongs_to(state, network, optimizer):
        raise RunError(f"{path} does not belong to this run: it is of another network.")
    network.load_state_dict(_under("network.", state))
    _restore_optimizer(optimizer, _under("optimizer.", state))
    torch.set_rng_state(state["random.torch"])
    return int(match[1])


def _belongs_to(
    state: dict[str, Tensor], network: nn.Module, optimizer: torch.optim.Optimizer
) -> bool:
    """Tell whether `state` fits, before anything is changed."""
    wanted = {f"network.{name}": _form(tensor) for name, tensor in network.state_dict().items()}
    wanted["random.torch"] = _form(torch.get_rng_state())
    parameters = [each for group in optimizer.param_groups for each in group["params"]]
    for name in state:
        match = _MOMENT.fullmatch(name)
        if match is not None and int(match[1]) < len(parameters):
            scalar = torch.Size(), torch.float32
            wanted[name] = scalar if match[2] == "step" else _form(parameters[int(match[1])])
    return {name: _form(tensor) for name, tensor in state.items()} == wanted


def _form(tensor: Tensor) -> tuple[torch.Size, torch.dtype]:
    return tensor.shape, tensor.dtype


def _epoch(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    assert match is not None
    return int(match[1])


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _state(network: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    state = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    for index, moments in optimizer.state_dict()["state"].items():
        state |= {f"optimizer.{index}.{name}": tensor for name, tensor in moments.items()}
    state["random.torch"] = torch.get_rng_state()
    return {name: tensor.contiguous() for name, tensor in state.items()}


def _under(prefix: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in state.items()
        if name.startswith(prefix)
    }


def _restore_optimizer(optimizer: torch.optim.Optimizer, moments: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in moments.items():
        index, _, moment = name.partition(".")
        state.setdefault(int(index), {})[moment] = tensor
    # The settings come from the recipe, which is the one place where they are written.
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
