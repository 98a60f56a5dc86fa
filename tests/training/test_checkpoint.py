import hashlib
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from tendigits import resume, train
from tendigits.data import Dataset
from tendigits.errors import RunError
from tendigits.networks import build_network
from tendigits.recipes import MLPSettings, load_recipe
from tendigits.training.checkpoint import find_checkpoints, load_checkpoint, save_checkpoint
from tendigits.training.optimizer import build_optimizer

Pair = tuple[nn.Module, torch.optim.Optimizer]
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "a bit flipped": lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
    "a bit of the header flipped": lambda data: data[:20] + bytes([data[20] ^ 1]) + data[21:],
    "cut short": lambda data: data[: len(data) // 2],
    "emptied": lambda _: b"",
}
FORGERIES = {
    "a name with a word": {"optimizer.first.step": torch.zeros(())},
    "a name too short": {"optimizer.0": torch.zeros(())},
    "a name too long": {"optimizer.0.exp_avg.x": torch.zeros(())},
    "a weight too many": {"optimizer.99.step": torch.zeros(())},
    "a weight before the first": {"optimizer.-1.step": torch.zeros(())},
    "moments of another shape": {"optimizer.0.exp_avg": torch.zeros(3)},
    "a random state of floats": {"random.torch": torch.zeros(5056)},
    "weights in integers": {"network.1.bias": torch.zeros(20, dtype=torch.int64)},
}
each_damage = pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)


def test_training_goes_on_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    pair = learn(make_pair(), steps=3)
    path = save_checkpoint(tmp_path / "checkpoints", 3, *pair)
    later = make_pair(seed=9)
    assert load_checkpoint(path, *later) == 3
    assert weights(learn(later, steps=2)) == weights(learn(pair, steps=2))


def test_torchs_random_state_is_brought_back(tmp_path: Path) -> None:
    pair = learn(make_pair())
    with torch.random.fork_rng(devices=[]):
        path = save_checkpoint(tmp_path, 1, *pair)
        expected = torch.rand(5)
        load_checkpoint(path, *pair)
        assert torch.equal(torch.rand(5), expected)


def test_the_optimisers_settings_stay_those_of_the_recipe(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, 1, *learn(make_pair(learning_rate=0.5)))
    pair = make_pair(learning_rate=0.25)
    load_checkpoint(path, *pair)
    assert pair[1].param_groups[0]["lr"] == 0.25


def test_the_newest_two_are_kept_and_found_newest_first(tmp_path: Path) -> None:
    pair = make_pair()
    saved = [save_checkpoint(tmp_path, epoch, *learn(pair)) for epoch in (8, 9, 999, 1000)]
    assert find_checkpoints(tmp_path) == [saved[3], saved[2]]
    assert sorted(tmp_path.iterdir()) == sorted(saved[2:])


def test_checkpoints_of_later_epochs_are_dropped_with_the_future_they_belong_to(
    tmp_path: Path,
) -> None:
    # As after a return to the beginning; else they would take the places of the new ones.
    pair = learn(make_pair())
    for epoch in (8, 9):
        save_checkpoint(tmp_path, epoch, *pair)
    saved = [save_checkpoint(tmp_path, epoch, *learn(pair)) for epoch in (1, 2)]
    assert find_checkpoints(tmp_path) == saved[::-1]


def test_what_a_kill_left_half_written_is_no_checkpoint(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, 1, *learn(make_pair()))
    (tmp_path / f".{path.name}.x7.safetensors").write_bytes(path.read_bytes()[:100])
    (tmp_path / "epoch-002.safetensors").write_bytes(path.read_bytes())
    assert find_checkpoints(tmp_path) == [path]


def test_where_no_folder_is_there_is_no_checkpoint(tmp_path: Path) -> None:
    assert find_checkpoints(tmp_path / "checkpoints") == []


@each_damage
def test_a_damaged_checkpoint_is_rejected_and_changes_nothing(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = save_checkpoint(tmp_path, 1, *learn(make_pair()))
    path.write_bytes(damage(path.read_bytes()))
    rejected_without_a_change(path, learn(make_pair(seed=1)))


def test_a_checkpoint_of_another_network_is_rejected_and_changes_nothing(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, 1, *learn(make_pair(widths=(20, 8))))
    rejected_without_a_change(path, learn(make_pair(widths=(20, 9), seed=1)))


@pytest.mark.parametrize("state", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_checkpoint_is_rejected_and_changes_nothing(
    tmp_path: Path, state: dict[str, Tensor]
) -> None:
    whole = load_file(save_checkpoint(tmp_path / "real", 1, *learn(make_pair())))
    path = write_checkpoint(tmp_path, save({**whole, **state}))
    rejected_without_a_change(path, learn(make_pair(seed=1)))


def test_a_pickle_is_rejected_and_never_run(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path, pickle.dumps(Mischief(tmp_path / "mischief")))
    assert find_checkpoints(tmp_path) == [path]
    rejected_without_a_change(path, learn(make_pair()))
    assert not (tmp_path / "mischief").exists()


@each_damage
def test_a_run_goes_on_from_the_checkpoint_before_a_damaged_one(
    finished: Path,
    tmp_path: Path,
    damage: Callable[[bytes], bytes],
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = as_killed_before_the_end(finished, tmp_path)
    newest, before = find_checkpoints(folder / "checkpoints")
    newest.write_bytes(damage(newest.read_bytes()))
    resume(folder)
    told = capsys.readouterr().out
    assert f"{newest} is damaged" in told
    assert str(before) not in told
    assert "Epoch 3/4" not in told
    assert "Epoch 4/4" in told
    assert_ended_alike(folder, finished)


def test_a_run_begins_anew_where_all_checkpoints_are_damaged(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = as_killed_before_the_end(finished, tmp_path)
    checkpoints = find_checkpoints(folder / "checkpoints")
    for path in checkpoints:
        path.write_bytes(b"")
    resume(folder)
    told = capsys.readouterr().out
    assert all(f"{path} is damaged" in told for path in checkpoints)
    assert "Epoch 1/4" in told
    assert_ended_alike(folder, finished)


def test_a_strangers_checkpoint_never_colours_what_a_run_ends_with(
    finished: Path, tmp_path: Path
) -> None:
    folder = as_killed_before_the_end(finished, tmp_path)
    shutil.rmtree(folder / "checkpoints")
    stranger = learn(make_pair(widths=(350, 20)))  # its first layer is of the run's own shape
    path = save_checkpoint(folder / "checkpoints", 4, *stranger)
    resume(folder, quiet=True)
    assert path not in find_checkpoints(folder / "checkpoints")
    assert_ended_alike(folder, finished)


class Mischief:
    """What would make a file if it were unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self._path,)


@pytest.fixture(scope="module")
def finished(small_mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of four epochs that nothing has disturbed."""
    folder = tmp_path_factory.mktemp("runs") / "finished"
    run = train("mlp", {"epochs": 4}, data=small_mnist, out=folder, threads=1, quiet=True)
    return run.folder


def as_killed_before_the_end(finished: Path, tmp_path: Path) -> Path:
    """Return a copy as a kill after the last checkpoint would have left it."""
    folder = shutil.copytree(finished, tmp_path / "killed")
    (folder / "weights.safetensors").unlink()
    (folder / "metrics.json").unlink()
    return folder


def assert_ended_alike(folder: Path, finished: Path) -> None:
    for name in ("weights.safetensors", "metrics.json"):
        assert (folder / name).read_bytes() == (finished / name).read_bytes()
    rows = [(at / "history.csv").read_text().splitlines() for at in (folder, finished)]
    assert len(rows[0]) == len(rows[1]) == 1 + 4


def make_pair(seed: int = 0, widths: tuple[int, ...] = (20,), learning_rate: float = 0.001) -> Pair:
    recipe = load_recipe("mlp", {"optimizer.learning_rate": learning_rate})
    network = build_network(MLPSettings(kind="mlp", widths=list(widths)), seed)
    return network, build_optimizer(network, recipe.optimizer)


def learn(pair: Pair, steps: int = 1) -> Pair:
    network, optimizer = pair
    images = torch.rand(10, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    for _ in range(steps):
        optimizer.zero_grad()
        torch.autograd.backward(network(images).square().mean())
        optimizer.step()
    return pair


def write_checkpoint(folder: Path, data: bytes) -> Path:
    """Write `data` under a name whose checksum fits it."""
    path = folder / f"epoch-001-{hashlib.sha256(data).hexdigest()[:16]}.safetensors"
    path.write_bytes(data)
    return path


def rejected_without_a_change(path: Path, pair: Pair) -> None:
    before = weights(pair), moments(pair), torch.get_rng_state().tolist()
    with pytest.raises(RunError) as rejection:
        load_checkpoint(path, *pair)
    assert str(path) in str(rejection.value)
    assert "\n" not in str(rejection.value)
    assert (weights(pair), moments(pair), torch.get_rng_state().tolist()) == before


def weights(pair: Pair) -> dict[str, object]:
    return as_lists(pair[0].state_dict())


def moments(pair: Pair) -> list[dict[str, object]]:
    return [as_lists(state) for state in pair[1].state_dict()["state"].values()]


def as_lists(tensors: dict[str, Tensor]) -> dict[str, object]:
    return {name: tensor.tolist() for name, tensor in tensors.items()}
