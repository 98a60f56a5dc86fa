import hashlib
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from safetensors.torch import save as to_safetensors
from torch import Tensor

from tendigits import resume, train
from tendigits.data import Dataset
from tendigits.errors import RunError
from tendigits.networks import build_network
from tendigits.recipes import MLPSettings, load_recipe
from tendigits.training import EpochResult, TrainingState
from tendigits.training.checkpoint import (
    find_checkpoints,
    load_checkpoint,
    save_checkpoint,
    save_weights,
)

RESULT = EpochResult(1, 1.0, 1.0, 0.9, 0.3, 0.9, 0.3, 1000.0, 0.1)
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "a bit flipped": lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
    "a bit of the header flipped": lambda data: data[:20] + bytes([data[20] ^ 1]) + data[21:],
    "cut short": lambda data: data[: len(data) // 2],
    "emptied": lambda _: b"",
}
FORGERIES = {
    "a word as the index": {"optimizer.first.step": torch.zeros(())},
    "a name too short": {"optimizer.0": torch.zeros(())},
    "a name too long": {"optimizer.0.exp_avg.x": torch.zeros(())},
    "an index too large": {"optimizer.99.step": torch.zeros(())},
    "a negative index": {"optimizer.-1.step": torch.zeros(())},
    "moments of another shape": {"optimizer.0.exp_avg": torch.zeros(3)},
    "a random state of floats": {"random.torch": torch.zeros(5056)},
    "weights in integers": {"network.1.bias": torch.zeros(20, dtype=torch.int64)},
}
each_damage = pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)


def test_training_from_a_checkpoint_gives_the_same_weights(tmp_path: Path) -> None:
    state = trained(make_state(), steps=3)
    path = save(tmp_path / "checkpoints", 3, state)
    later = make_state(seed=9)
    assert load_checkpoint(path, later) == 3
    assert weights(trained(later, steps=2)) == weights(trained(state, steps=2))


def test_random_state_is_restored(tmp_path: Path) -> None:
    state, other = make_state(seed=3), make_state(seed=4)
    assert not torch.equal(other.random_state, state.random_state)
    load_checkpoint(save(tmp_path, 1, state), other)
    assert torch.equal(other.random_state, state.random_state)


def test_average_of_the_weights_is_restored(tmp_path: Path) -> None:
    state, other = (make_state(seed=seed, ema_decay=0.9) for seed in (3, 4))
    assert state.average is not None
    assert other.average is not None
    state.average.update_parameters(trained(state).network)
    load_checkpoint(save(tmp_path, 1, state), other)
    assert as_lists(other.average.state_dict()) == as_lists(state.average.state_dict())


def test_settings_of_the_optimiser_stay_those_of_the_recipe(tmp_path: Path) -> None:
    path = save(tmp_path, 1, trained(make_state(learning_rate=0.5)))
    state = make_state(learning_rate=0.25)
    load_checkpoint(path, state)
    assert state.optimizer.param_groups[0]["lr"] == 0.25


def test_the_newest_two_are_kept_and_found_newest_first(tmp_path: Path) -> None:
    state = make_state()
    saved = [save(tmp_path, epoch, trained(state)) for epoch in (8, 9, 999, 1000)]
    assert find_checkpoints(tmp_path) == [saved[3], saved[2]]
    assert sorted(tmp_path.iterdir()) == sorted(saved[2:])


def test_checkpoints_of_later_epochs_are_deleted(tmp_path: Path) -> None:
    # They are from before the run was resumed at an earlier epoch.
    state = trained(make_state())
    for epoch in (8, 9):
        save(tmp_path, epoch, state)
    saved = [save(tmp_path, epoch, trained(state)) for epoch in (1, 2)]
    assert find_checkpoints(tmp_path) == saved[::-1]


def test_unfinished_file_is_not_found_as_a_checkpoint(tmp_path: Path) -> None:
    path = save(tmp_path, 1, trained(make_state()))
    (tmp_path / f".{path.name}.x7.safetensors").write_bytes(path.read_bytes()[:100])
    (tmp_path / "epoch-002.safetensors").write_bytes(path.read_bytes())
    assert find_checkpoints(tmp_path) == [path]


def test_missing_folder_has_no_checkpoints(tmp_path: Path) -> None:
    assert find_checkpoints(tmp_path / "checkpoints") == []


@each_damage
def test_damaged_checkpoint_is_rejected_and_changes_nothing(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = save(tmp_path, 1, trained(make_state()))
    path.write_bytes(damage(path.read_bytes()))
    check_rejected_without_a_change(path, trained(make_state(seed=1)))


def test_checkpoint_of_another_network_is_rejected_and_changes_nothing(tmp_path: Path) -> None:
    path = save(tmp_path, 1, trained(make_state(widths=(20, 8))))
    check_rejected_without_a_change(path, trained(make_state(widths=(20, 9), seed=1)))


@pytest.mark.parametrize("tensors", FORGERIES.values(), ids=FORGERIES)
def test_forged_checkpoint_is_rejected_and_changes_nothing(
    tmp_path: Path, tensors: dict[str, Tensor]
) -> None:
    valid = load_file(save(tmp_path / "valid", 1, trained(make_state())))
    path = write_checkpoint(tmp_path, to_safetensors({**valid, **tensors}))
    check_rejected_without_a_change(path, trained(make_state(seed=1)))


def test_pickle_is_rejected_and_not_executed(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path, pickle.dumps(PickledAction(tmp_path / "executed")))
    assert find_checkpoints(tmp_path) == [path]
    check_rejected_without_a_change(path, trained(make_state()))
    assert not (tmp_path / "executed").exists()


@each_damage
def test_run_is_resumed_from_the_checkpoint_before_a_damaged_one(
    finished: Path,
    tmp_path: Path,
    damage: Callable[[bytes], bytes],
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = copy_before_the_end(finished, tmp_path)
    newest, before = find_checkpoints(folder / "checkpoints")
    newest.write_bytes(damage(newest.read_bytes()))
    resume(folder)
    printed = capsys.readouterr().out
    assert f"{newest} is damaged" in printed
    assert str(before) not in printed
    assert "Epoch 3/4" not in printed
    assert "Epoch 4/4" in printed
    check_same_results(folder, finished)


def test_run_starts_again_if_all_checkpoints_are_damaged(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy_before_the_end(finished, tmp_path)
    checkpoints = find_checkpoints(folder / "checkpoints")
    for path in checkpoints:
        path.write_bytes(b"")
    resume(folder)
    printed = capsys.readouterr().out
    assert all(f"{path} is damaged" in printed for path in checkpoints)
    assert "Epoch 1/4" in printed
    check_same_results(folder, finished)


def test_checkpoint_of_another_network_does_not_change_the_result_of_a_run(
    finished: Path, tmp_path: Path
) -> None:
    folder = copy_before_the_end(finished, tmp_path)
    shutil.rmtree(folder / "checkpoints")
    other = trained(make_state(widths=(350, 20)))  # its first layer has the shape of the run's
    path = save(folder / "checkpoints", 4, other)
    resume(folder, quiet=True)
    assert path not in find_checkpoints(folder / "checkpoints")
    check_same_results(folder, finished)


def test_saved_weights_are_those_of_the_network(tmp_path: Path) -> None:
    state = make_state()
    save_weights(tmp_path / "weights.safetensors", state.network)
    saved = load_file(tmp_path / "weights.safetensors")
    assert as_lists(saved) == weights(state)


class PickledAction:
    """Creates a file if it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self._path,)


@pytest.fixture(scope="module")
def finished(small_mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of four epochs without interruption."""
    folder = tmp_path_factory.mktemp("runs") / "finished"
    run = train("mlp", {"epochs": 4}, data=small_mnist, out=folder, threads=1, quiet=True)
    return run.folder


def copy_before_the_end(finished: Path, tmp_path: Path) -> Path:
    """Return a copy of the run as if it had been killed after the last checkpoint."""
    folder = shutil.copytree(finished, tmp_path / "killed")
    (folder / "weights.safetensors").unlink()
    (folder / "metrics.json").unlink()
    return folder


def check_same_results(folder: Path, finished: Path) -> None:
    for name in ("weights.safetensors", "metrics.json"):
        assert (folder / name).read_bytes() == (finished / name).read_bytes()
    rows = [(at / "history.csv").read_text().splitlines() for at in (folder, finished)]
    assert len(rows[0]) == len(rows[1]) == 1 + 4


def make_state(
    seed: int = 0,
    widths: tuple[int, ...] = (20,),
    learning_rate: float = 0.001,
    ema_decay: float = 0.0,
) -> TrainingState:
    settings = {"optimizer.learning_rate": learning_rate, "seed": seed, "ema_decay": ema_decay}
    network = build_network(MLPSettings(kind="mlp", widths=list(widths)), seed)
    return TrainingState.initial(network, load_recipe("mlp", settings))


def trained(state: TrainingState, steps: int = 1) -> TrainingState:
    images = torch.rand(10, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    for _ in range(steps):
        state.optimizer.zero_grad()
        torch.autograd.backward(state.network(images).square().mean())
        state.optimizer.step()
    return state


def save(folder: Path, epoch: int, state: TrainingState) -> Path:
    """Save a checkpoint as after `epoch`."""
    state.history = [RESULT] * epoch
    return save_checkpoint(folder, state)


def write_checkpoint(folder: Path, data: bytes) -> Path:
    """Write `data` under a name with its checksum."""
    path = folder / f"epoch-001-{hashlib.sha256(data).hexdigest()[:16]}.safetensors"
    path.write_bytes(data)
    return path


def check_rejected_without_a_change(path: Path, state: TrainingState) -> None:
    before = weights(state), moments(state), state.random_state.tolist()
    with pytest.raises(RunError) as rejection:
        load_checkpoint(path, state)
    assert str(path) in str(rejection.value)
    assert "\n" not in str(rejection.value)
    assert (weights(state), moments(state), state.random_state.tolist()) == before


def weights(state: TrainingState) -> dict[str, object]:
    return as_lists(state.network.state_dict())


def moments(state: TrainingState) -> list[dict[str, object]]:
    return [as_lists(each) for each in state.optimizer.state_dict()["state"].values()]


def as_lists(tensors: dict[str, Tensor]) -> dict[str, object]:
    return {name: tensor.tolist() for name, tensor in tensors.items()}
