import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image

from tendigits import RecipeError, evaluate, load_recipe, resume, train
from tendigits.data import Dataset
from tendigits.training import Run, read_history
from tendigits.training.checkpoint import find_checkpoints

# Everything that the engine has, on a network that takes a second.
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


def test_the_same_seed_gives_the_same_bits(
    finished: Run, small_mnist: Dataset, tmp_path: Path
) -> None:
    again = trained(small_mnist, tmp_path / "again")
    assert again.weights.read_bytes() == finished.weights.read_bytes()


@pytest.mark.parametrize("epochs_lost", [1, 2])
def test_a_run_that_goes_on_from_a_checkpoint_ends_with_the_same_bits(
    finished: Run, small_mnist: Dataset, tmp_path: Path, epochs_lost: int
) -> None:
    # Distortions, running means and the schedule all go on where they were.
    run = trained(small_mnist, tmp_path / "run")
    run.weights.unlink()
    run.metrics.unlink()
    for checkpoint in find_checkpoints(run.checkpoints)[:epochs_lost]:
        checkpoint.unlink()
    resume(run, quiet=True)
    assert run.weights.read_bytes() == finished.weights.read_bytes()


def test_a_run_with_muon_goes_on_with_the_same_bits(small_mnist: Dataset, tmp_path: Path) -> None:
    whole, cut = (trained(small_mnist, tmp_path / name, MUON) for name in ("whole", "cut"))
    for path in (cut.weights, cut.metrics, find_checkpoints(cut.checkpoints)[0]):
        path.unlink()
    resume(cut, quiet=True)
    assert cut.weights.read_bytes() == whole.weights.read_bytes()


def test_the_picture_shows_what_the_network_is_fed(finished: Run) -> None:
    with Image.open(finished.augmented) as picture:
        assert picture.width > 20 * 28
        assert picture.height > 10 * 28


def test_making_batches_is_timed(finished: Run) -> None:
    for result in read_history(finished.history):
        assert 0 < result.data_milliseconds_per_step < result.milliseconds_per_step
        assert result.images_per_second == pytest.approx(1800 / result.seconds)


def test_the_log_says_what_share_of_the_machine_was_reached(finished: Run) -> None:
    assert "matrix_rate" in finished.log.read_text(encoding="utf-8")


def test_all_images_can_be_learnt_from(small_mnist: Dataset, tmp_path: Path) -> None:
    settings = {**SMALL, "epochs": 1, "validation_fraction": 0.0}
    run = trained(small_mnist, tmp_path / "run", settings)
    (result,) = read_history(run.history)
    assert (len(run.split.train), len(run.split.validation)) == (2000, 0)
    assert (result.val_accuracy, result.val_loss) == (None, None)
    assert "none held out" in run.model_card.read_text(encoding="utf-8")
    assert evaluate(run.folder).examples == 500


def test_a_training_ends_early_once_the_validation_loss_stalls(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    # Far too large a rate, so that the loss stalls at once.
    settings = {"epochs": 30, "patience": 2, "optimizer.learning_rate": 1.0}
    run = train("mlp", settings, data=small_mnist, out=tmp_path / "run", threads=1, quiet=True)
    losses = [result.val_loss or 0.0 for result in read_history(run.history)]
    ends = range(3, len(losses) + 1)
    stalled = [end for end in ends if min(losses[end - 2 : end]) >= min(losses[: end - 2])]
    assert len(losses) < 30
    assert stalled == [len(losses)]


def test_patience_without_validation_images_is_rejected() -> None:
    with pytest.raises(RecipeError, match="patience = 2 will not do: it watches the validation"):
        load_recipe("mlp", {"patience": 2, "validation_fraction": 0.0})


def test_an_ensemble_that_goes_on_ends_with_the_same_bits(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    settings = {**SMALL, "members": 3, "epochs": 2}
    whole, cut = (trained(small_mnist, tmp_path / name, settings) for name in ("whole", "cut"))
    weights = [member.weights.read_bytes() for member in whole.members]
    assert len(set(weights)) == 3
    for path in (cut.weights, cut.metrics, cut.member(2).weights, cut.member(3).weights):
        path.unlink()
    for checkpoint in find_checkpoints(cut.member(2).checkpoints)[:1]:
        checkpoint.unlink()
    shutil.rmtree(cut.member(3).folder)
    resume(cut.folder, quiet=True)
    assert cut.weights.read_bytes() == whole.weights.read_bytes()
    assert evaluate(cut).confusion == evaluate(whole).confusion


def test_an_ensembles_history_is_the_mean_of_its_members(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    run = trained(small_mnist, tmp_path / "run", {**SMALL, "members": 2, "epochs": 2})
    rows = zip(
        read_history(run.history),
        *(read_history(each.history) for each in run.members),
        strict=True,
    )
    for mean, first, second in rows:
        assert mean.epoch == first.epoch
        assert mean.loss == pytest.approx((first.loss + second.loss) / 2)
        assert mean.seconds == pytest.approx(first.seconds + second.seconds)


def test_every_shipped_recipe_says_its_precision_in_the_run(finished: Run) -> None:
    assert finished.environment.precision in ("float32", "bfloat16")
    assert load_recipe("mlp").precision == "float32"


def trained(dataset: Dataset, folder: Path, settings: Mapping[str, object] = SMALL) -> Run:
    return train("fast", settings, data=dataset, out=folder, threads=1, quiet=True)
