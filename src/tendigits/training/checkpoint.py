"""Saved weights: the trained ones, and checkpoints, on which the next epoch depends.

A checkpoint is a safetensors file whose name holds its epoch and the start of its SHA-256, so that
content and checksum appear in one step. Loading one never unpickles anything.
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
from tendigits.training.fit import TrainingState

KEPT = 2  # the newest, and the one before it in case the newest is damaged
_MOMENT = re.compile(r"optimizer\.(\d{1,6})\.([a-z_]+)")
_NAME = re.compile(r"epoch-(\d+)-([0-9a-f]{16})\.safetensors")


def save_checkpoint(folder: Path, state: TrainingState) -> Path:
    """Write `state` into `folder` atomically; of the older checkpoints keep the last one."""
    folder.mkdir(exist_ok=True)
    epoch = len(state.history)
    data = save(_tensors(state), metadata={"epoch": json.dumps(epoch)})
    path = folder / f"epoch-{epoch:03d}-{_checksum(data)}.safetensors"
    write_bytes(path, data)
    # Checkpoints of later epochs are left over from before the run was resumed at an earlier one.
    found = [each for each in find_checkpoints(folder) if each != path]
    earlier = [each for each in found if _epoch(each) < epoch]
    for old in {*found} - {*earlier[: KEPT - 1]}:
        old.unlink()
    return path


def save_weights(path: Path, network: nn.Module) -> None:
    """Write the weights of `network` to `path`; the file is replaced atomically."""
    state = network.state_dict().items()
    write_bytes(path, save({name: tensor.contiguous() for name, tensor in state}))


def find_checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints in `folder`, newest first."""
    found = [path for path in folder.glob("epoch-*.safetensors") if _NAME.fullmatch(path.name)]
    return sorted(found, key=_epoch, reverse=True)


def load_checkpoint(path: Path, state: TrainingState) -> int:
    """Load the checkpoint `path` into `state`, except the history; return its epoch.

    Raises:
        RunError: the file is damaged, or of another network; `state` is not changed then.
    """
    data = path.read_bytes()
    match = _NAME.fullmatch(path.name)
    if match is None or _checksum(data) != match[2]:
        raise RunError(f"{path} is damaged: its content does not match the checksum in its name.")
    try:
        tensors = load(data)
    except SafetensorError as error:
        raise RunError(f"{path} is damaged ({error}).") from error
    if not _fits(tensors, state):
        raise RunError(f"{path} does not belong to this run: it is of another network.")
    _networks(state).load_state_dict(_without_prefix("network.", tensors))
    _restore_optimizer(state.optimizer, _without_prefix("optimizer.", tensors))
    state.random_state = tensors["random.torch"]
    return int(match[1])


def _networks(state: TrainingState) -> nn.Module:
    """Return the network, with the average of its weights where there is one."""
    return nn.ModuleList([state.network, state.average]) if state.average else state.network


def _tensors(state: TrainingState) -> dict[str, Tensor]:
    networks = _networks(state).state_dict()
    tensors = {f"network.{name}": tensor for name, tensor in networks.items()}
    for index, moments in state.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": tensor for name, tensor in moments.items()}
    tensors["random.torch"] = state.random_state
    return {name: tensor.contiguous() for name, tensor in tensors.items()}


def _fits(tensors: dict[str, Tensor], state: TrainingState) -> bool:
    """Return whether `tensors` have the names, shapes and types of a checkpoint of `state`."""
    networks = _networks(state).state_dict()
    wanted = {f"network.{name}": _form(tensor) for name, tensor in networks.items()}
    wanted["random.torch"] = _form(state.random_state)
    parameters = [each for group in state.optimizer.param_groups for each in group["params"]]
    for name in tensors:
        match = _MOMENT.fullmatch(name)
        if match is not None and int(match[1]) < len(parameters):
            scalar = torch.Size(), torch.float32
            wanted[name] = scalar if match[2] == "step" else _form(parameters[int(match[1])])
    return {name: _form(tensor) for name, tensor in tensors.items()} == wanted


def _form(tensor: Tensor) -> tuple[torch.Size, torch.dtype]:
    return tensor.shape, tensor.dtype


def _epoch(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    assert match is not None
    return int(match[1])


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _without_prefix(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


def _restore_optimizer(optimizer: torch.optim.Optimizer, moments: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in moments.items():
        index, _, moment = name.partition(".")
        state.setdefault(int(index), {})[moment] = tensor
    # The optimiser's settings are not restored: they are those of the recipe.
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
    for weight, restored in optimizer.state.items():
        for moment, tensor in restored.items():
            if tensor.shape == weight.shape:  # in the memory layout of the weight, as it was made
                restored[moment] = torch.empty_like(weight, dtype=tensor.dtype).copy_(tensor)
