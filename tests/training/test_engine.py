from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image

from tendigits import evaluate, load_recipe, resume, train
from tendigits.datasets import Dataset
from tendigits.training import Run, read_history
from tendigits.training.checkpoint import find_checkpoints

# Everything that the engine has, on a network that takes a second.
SMALL: dict[str, object] = {
    "epochs": 3,
    "averaging": 0.9,
    "network.stem_channels": 4,
    "network.stages": [[6], [8]],
    "augmentation.elastic_pixels": 1.0,
    "augmentation.stroke": 0.3,
    "augmentation.plain_epochs": 1,
}


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


def test_every_shipped_recipe_says_its_precision_in_the_run(finished: Run) -> None:
    assert finished.environment.precision in ("float32", "bfloat16")
    assert load_recipe("mlp").precision == "float32"


def trained(dataset: Dataset, folder: Path, settings: Mapping[str, object] = SMALL) -> Run:
    return train("fast", settings, data=dataset, out=folder, threads=1, quiet=True)
