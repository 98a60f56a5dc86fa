import shutil
import signal
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from tendigits import TrainingInterrupted, evaluate, load_recipe, load_run, resume, train
from tendigits.data import Dataset
from tendigits.progress import Silent
from tendigits.training import Run, create_run, describe_environment, read_history
from tendigits.training.checkpoint import find_checkpoints
from tendigits.training.run_folder import load_network
from tendigits.training.train_run import deferred_interrupt, train_run

# Every feature of the training, with a network that trains in a second.
SMALL: dict[str, object] = {
    "epochs": 3,
    "ema_decay": 0.9,
    "network.stem_channels": 4,
    "network.stages": [[6], [8]],
    "augmentation.elastic_pixels": 1.0,
    "augmentation.stroke": 0.3,
    "augmentation.unaugmented_epochs": 1,
}


# The same with Muon.
MUON = {**SMALL, "optimizer.kind": "muon"}


@pytest.fixture(scope="module")
def finished(small_mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained(small_mnist, tmp_path_factory.mktemp("runs") / "finished")


def test_same_seed_gives_the_same_weights(
    finished: Run, small_mnist: Dataset, tmp_path: Path
) -> None:
    again = trained(small_mnist, tmp_path / "again")
    assert again.weights.read_bytes() == finished.weights.read_bytes()


@pytest.mark.parametrize("epochs_lost", [1, 2])
def test_resumed_run_ends_with_the_same_weights(
    finished: Run, small_mnist: Dataset, tmp_path: Path, epochs_lost: int
) -> None:
    # Augmentation, average of the weights and schedule continue from where they were.
    run = trained(small_mnist, tmp_path / "run")
    run.weights.unlink()
    run.metrics_file.unlink()
    for checkpoint in find_checkpoints(run.checkpoints)[:epochs_lost]:
        checkpoint.unlink()
    resume(run, quiet=True)
    assert run.weights.read_bytes() == finished.weights.read_bytes()


def test_resumed_run_with_muon_ends_with_the_same_weights(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    whole, cut = (trained(small_mnist, tmp_path / name, MUON) for name in ("whole", "cut"))
    for path in (cut.weights, cut.metrics_file, find_checkpoints(cut.checkpoints)[0]):
        path.unlink()
    resume(cut, quiet=True)
    assert cut.weights.read_bytes() == whole.weights.read_bytes()


def test_log_contains_the_speed_and_the_matrix_rate(finished: Run) -> None:
    assert "matrix_rate" in finished.log.read_text(encoding="utf-8")


def test_run_without_validation_images_trains_on_all(small_mnist: Dataset, tmp_path: Path) -> None:
    settings = {**SMALL, "epochs": 1, "validation_fraction": 0.0}
    run = trained(small_mnist, tmp_path / "run", settings)
    (result,) = read_history(run.history_file)
    assert (len(run.split.train), len(run.split.validation)) == (2000, 0)
    assert (result.val_accuracy, result.val_loss) == (None, None)
    assert "none held out" in run.model_card.read_text(encoding="utf-8")
    assert evaluate(run.folder).images == 500


def test_resumed_ensemble_ends_with_the_same_weights(small_mnist: Dataset, tmp_path: Path) -> None:
    settings = {**SMALL, "members": 3, "epochs": 2}
    whole, cut = (trained(small_mnist, tmp_path / name, settings) for name in ("whole", "cut"))
    weights = [member.weights.read_bytes() for member in whole.members]
    assert len(set(weights)) == 3
    for path in (cut.weights, cut.metrics_file, cut.members[1].weights, cut.members[2].weights):
        path.unlink()
    for checkpoint in find_checkpoints(cut.members[1].checkpoints)[:1]:
        checkpoint.unlink()
    shutil.rmtree(cut.members[2].folder)
    resume(cut.folder, quiet=True)
    assert cut.weights.read_bytes() == whole.weights.read_bytes()
    assert evaluate(cut).confusion == evaluate(whole).confusion


def test_members_of_an_ensemble_are_trained_by_its_variants(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    variants = [{}, {"network": {"stages": [[4], [4]]}, "augmentation": {"scale": 0.3}}]
    settings = {**SMALL, "epochs": 1, "members": 2, "variants": variants}
    run = trained(small_mnist, tmp_path / "run", settings)
    networks = [load_network(member) for member in run.members]
    assert [len(each.get_parameter("2.0.weight")) for each in networks] == [6, 4]


def test_history_of_an_ensemble_is_the_mean_of_its_members(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    run = trained(small_mnist, tmp_path / "run", {**SMALL, "members": 2, "epochs": 2})
    rows = zip(
        read_history(run.history_file),
        *(read_history(each.history_file) for each in run.members),
        strict=True,
    )
    for mean, first, second in rows:
        assert mean.epoch == first.epoch
        assert mean.loss == pytest.approx((first.loss + second.loss) / 2)
        assert mean.seconds == pytest.approx(first.seconds + second.seconds)


def test_run_records_the_precision_that_was_chosen(finished: Run) -> None:
    assert finished.environment.precision in ("float32", "bfloat16")
    assert load_recipe("mlp").precision == "float32"


def test_run_that_ends_early_says_so(
    small_mnist: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"epochs": 30, "patience": 2, "optimizer.learning_rate": 1.0}
    run = train("mlp", settings, data=small_mnist, out=tmp_path / "run", threads=1)
    assert "Stopped early: no lower validation loss for 2 epochs." in capsys.readouterr().out
    assert len(read_history(run.history_file)) < 30
    assert run.is_complete


def test_ctrl_c_keeps_finished_epochs_and_the_run_can_be_resumed(
    finished: Run, small_mnist: Dataset, tmp_path: Path
) -> None:
    environment = describe_environment(1, precision=finished.recipe.precision)
    run = create_run(finished.recipe, small_mnist, environment, tmp_path / "run")
    reporter = PressingCtrlC("Epoch 2/3", step=5)
    with pytest.raises(TrainingInterrupted, match="Resume with: tendigits train --resume"):
        train_run(run, small_mnist, reporter)
    assert reporter.steps_afterwards == 0
    assert [result.epoch for result in read_history(run.history_file)] == [1]
    assert not run.weights.exists()
    resume(run, quiet=True)
    assert run.weights.read_bytes() == finished.weights.read_bytes()


def test_resumed_run_with_two_threads_ends_with_the_same_bits(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    # With several threads the validation after each epoch uses a pool of its own.
    settings = {"epochs": 3, "network.stem_channels": 4, "network.stages": [[6]]}
    options = {"data": small_mnist, "threads": 2, "quiet": True}
    run = train("fast", settings, out=tmp_path / "whole", **options)  # type: ignore[arg-type]
    copy = load_run(shutil.copytree(run.folder, tmp_path / "resumed"))
    copy.weights.unlink()
    copy.metrics_file.unlink()
    newest, *_ = find_checkpoints(copy.checkpoints)
    newest.unlink()
    resume(copy, quiet=True)
    assert copy.weights.read_bytes() == run.weights.read_bytes()


def test_threads_of_torch_are_restored_after_a_run(small_mnist: Dataset, tmp_path: Path) -> None:
    before = torch.get_num_threads()
    settings = {"epochs": 1, "network.widths": [5]}
    options = {"threads": before + 1, "quiet": True}
    train("mlp", settings, data=small_mnist, out=tmp_path / "run", **options)  # type: ignore[arg-type]
    assert torch.get_num_threads() == before


def test_files_left_by_a_killed_process_are_removed(small_mnist: Dataset, tmp_path: Path) -> None:
    recipe = load_recipe("mlp", {"epochs": 1, "network.widths": [5]})
    run = create_run(recipe, small_mnist, describe_environment(1), tmp_path / "run")
    left = run.folder / f".{run.weights.name}.x7k2.safetensors"
    left.write_bytes(b"")
    train_run(run, small_mnist, Silent())
    assert not left.exists()


def test_first_ctrl_c_is_recorded_and_raises_only_when_asked_for() -> None:
    with deferred_interrupt() as interrupt:
        interrupt.stop_if_requested()
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            interrupt.stop_if_requested()


def test_second_ctrl_c_raises_at_once() -> None:
    with deferred_interrupt():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("presses", [0, 1])
def test_handler_of_ctrl_c_is_restored(presses: int) -> None:
    before = signal.getsignal(signal.SIGINT)
    with deferred_interrupt():
        for _ in range(presses):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_during_one_training_does_not_stop_the_next() -> None:
    with deferred_interrupt():
        signal.raise_signal(signal.SIGINT)
    with deferred_interrupt() as later:
        assert not later.requested


def test_other_threads_can_defer_without_a_handler() -> None:
    seen = []

    def work() -> None:
        with deferred_interrupt() as interrupt:
            seen.append(interrupt.requested)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]


class PressingCtrlC(Silent):
    """A reporter that presses Ctrl-C in a step of the epoch called `title`."""

    def __init__(self, title: str, step: int) -> None:
        self._at = title, step
        self.steps_afterwards = 0
        self._pressed = False

    def step(self, title: str, done: int, total: int) -> None:  # noqa: ARG002
        self.steps_afterwards += self._pressed
        if (title, done) == self._at:
            self._pressed = True
            signal.raise_signal(signal.SIGINT)


def trained(dataset: Dataset, folder: Path, settings: Mapping[str, object] = SMALL) -> Run:
    return train("fast", settings, data=dataset, out=folder, threads=1, quiet=True)
