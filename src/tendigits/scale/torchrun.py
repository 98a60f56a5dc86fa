"""Training in several processes, on one or more machines, that torchrun starts.

The first process does what a single one does. It sends its run folder to the others, which train
along in temporary copies of it and write nothing else.
"""

import os
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
import torch.distributed as dist
from safetensors.torch import load, save
from torch import Tensor

from tendigits.data import Dataset
from tendigits.errors import RunError, TendigitsError
from tendigits.progress import Reporter, Silent
from tendigits.scale.shared_step import SharedNetwork
from tendigits.training import Run, load_run, load_run_data
from tendigits.training.preconditions import reject_untrainable
from tendigits.training.run_lock import LOCK_FILE
from tendigits.training.train_run import train_networks, train_run

# A process waits for the others this long, for example while one of them downloads the data set.
START = timedelta(minutes=10)
# Within a training, when a machine has vanished without closing its connections.
STEP = timedelta(seconds=50)


@dataclass(frozen=True)
class Place:
    """The place of this process among those of torchrun, from the variables that it sets.

    Attributes:
        rank: the number of this process, from 0; the first one writes the run folder.
        processes: the number of all.
        local_rank: its number on this machine.
        local_processes: the number of those on this machine.
    """

    rank: int
    processes: int
    local_rank: int
    local_processes: int

    @classmethod
    def from_environment(cls) -> "Place":
        """Read RANK, WORLD_SIZE, LOCAL_RANK and LOCAL_WORLD_SIZE."""
        names = "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"
        return cls(*(int(os.environ[name]) for name in names))


def train_in_processes(run: Run, dataset: Dataset, reporter: Reporter) -> None:
    """Train a run in all processes, as their first one; see `train_run`.

    Raises:
        RunError: as in `train_run`; or the run cannot be shared, or a process has ended.
        TrainingInterrupted: as in `train_run`.
    """
    place = Place.from_environment()
    reporter.say(_describe(run, place))
    try:
        with _joined():
            _send_folder(run.folder)
            group = _group_of_steps(run.environment.device, place)
            dist.barrier()  # the others have loaded the data set
            train_run(run, dataset, reporter, partial(SharedNetwork, group=group))
    except RuntimeError as error:  # of the library that connects the processes
        raise RunError(
            f"The processes of the training have lost each other ({_reason(error)}); finished "
            f"epochs are kept. Resume with: {run.command_to_resume}"
        ) from error


def follow() -> None:
    """Train along, as any process but the first.

    Raises:
        SystemExit: the training has failed or was stopped; an error is printed.
    """
    place = Place.from_environment()
    try:
        with _joined(), TemporaryDirectory() as folder:
            _receive_folder(Path(folder))
            run = load_run(folder)
            reject_untrainable(run.recipe, run.environment)
            group = _group_of_steps(run.environment.device, place)
            data = load_run_data(run).train
            dist.barrier()
            train_networks(run, data, Silent(), partial(SharedNetwork, group=group))
    except (TendigitsError, RuntimeError) as error:
        where = f"process {place.rank} on {socket.gethostname()}"
        print(f"tendigits: {where}: {_reason(error)}", file=sys.stderr)
        raise SystemExit(2) from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None


@contextmanager
def _joined() -> Iterator[None]:
    """Connect all processes."""
    dist.init_process_group("gloo", timeout=START)
    try:
        yield
    finally:
        dist.destroy_process_group()


def _group_of_steps(device: str, place: Place) -> dist.ProcessGroup:
    """Return the group of all processes for the steps of a training; each calls this once."""
    backend = "gloo"
    if device == "cuda":
        torch.cuda.set_device(place.local_rank)
        backend = "cpu:gloo,cuda:nccl"
    group = dist.new_group(timeout=STEP, backend=backend)
    assert isinstance(group, dist.ProcessGroup)
    return group


def _describe(run: Run, place: Place) -> str:
    environment = run.environment
    lines = [
        f"{place.processes} processes with {environment.threads} threads each, on "
        f"{environment.device}"
    ]
    if place.local_processes * environment.threads > environment.cores:
        lines.append(
            f"Warning: {place.local_processes} x {environment.threads} threads are more than the "
            f"{environment.cores} cores of this machine, which is slow; set --threads or "
            "OMP_NUM_THREADS."
        )
    if place.processes != environment.processes:
        lines.append(
            f"The run was started with {environment.processes} processes, so that the weights "
            "will differ in their last digits."
        )
    return "\n".join(lines)


def _send_folder(folder: Path) -> None:
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != LOCK_FILE
    }
    packed = _bytes_tensor(save({name: _bytes_tensor(each) for name, each in files.items()}))
    dist.broadcast(torch.tensor([len(packed)]), src=0)
    dist.broadcast(packed, src=0)


def _receive_folder(folder: Path) -> None:
    length = torch.zeros(1, dtype=torch.int64)
    dist.broadcast(length, src=0)
    packed = torch.zeros(int(length), dtype=torch.uint8)
    dist.broadcast(packed, src=0)
    for name, content in load(packed.numpy().tobytes()).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.numpy().tobytes())


def _reason(error: Exception) -> str:
    """Return the first line of a message, without where gloo's source is and its advice."""
    line = str(error).partition("\n")[0]
    return re.sub(r"^\[\S*\] |\. This is typically .*", "", line)


def _bytes_tensor(data: bytes) -> Tensor:
    return torch.frombuffer(bytearray(data), dtype=torch.uint8) if data else torch.zeros(0).byte()
