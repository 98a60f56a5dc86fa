import signal
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from conftest import CommandLine
from tendigits import (
    RunError,
    TrainingInterrupted,
    load_classifier,
    load_recipe,
    load_run,
    resume,
    train,
)
from tendigits.data import Dataset
from tendigits.data.pages import make_glyphs
from tendigits.evaluation.finder_report import FinderMetrics
from tendigits.networks import build_network
from tendigits.progress import Silent
from tendigits.training import (
    Run,
    TrainingState,
    computing_threads,
    create_run,
    describe_environment,
    read_history,
)
from tendigits.training.fit_finder import FinderGlyphs, fit_finder
from tendigits.training.run_records import read_record
from tendigits.training.train_run import train_run

OPENCV_THREADS = 2
SMALL: dict[str, object] = {
    "epochs": 2,
    "batch_size": 4,
    "ema_decay": 0.5,
    "pages.steps_per_epoch": 2,
    "pages.validation_pages": 6,
    "network.widths": [4, 6, 8, 8, 8],
    "network.blocks": [0, 1, 0, 0],
    "network.neck_width": 8,
}


@pytest.fixture(scope="module")
def finished(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("finder") / "run"
    settings = {**SMALL, "precision": "float32"}
    cv2.setNumThreads(OPENCV_THREADS)
    return train("finder", settings, data=mnist, out=folder, threads=1, quiet=True)


def test_same_seed_gives_the_same_weights(mnist: Dataset) -> None:
    digits = make_glyphs(mnist.train.subset(np.arange(1000)))
    glyphs = FinderGlyphs(training=digits, validation=digits)
    with computing_threads(1):
        first, again, other = (fitted(glyphs, seed) for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_finder_stopped_by_ctrl_c_and_resumed_ends_with_the_same_weights(
    finished: Run, mnist: Dataset, tmp_path: Path
) -> None:
    environment = describe_environment(1, precision="float32")
    run = create_run(finished.recipe, mnist, environment, tmp_path / "run")
    with pytest.raises(TrainingInterrupted, match="Resume with: tendigits train --resume"):
        train_run(run, mnist, PressingCtrlC())
    assert [result.epoch for result in read_history(run.history_file)] == [1]
    resume(run, quiet=True)
    assert run.weights.read_bytes() == finished.weights.read_bytes()


def test_run_folder_of_a_finder_holds_figures_plots_and_a_model_card(finished: Run) -> None:
    run = load_run(finished.folder)
    metrics = read_record(run.metrics_file, FinderMetrics)
    assert metrics.all.pages == sum(each.pages or 0 for each in metrics.kinds.values()) == 6
    assert [result.epoch for result in read_history(run.history_file)] == [1, 2]
    assert {path.name for path in run.plots.iterdir()} == {"curves.png", "found.png"}
    card = run.model_card.read_text(encoding="utf-8")
    assert "On 6 validation pages" in card
    assert "the last 5,000 training images" in card
    assert len(run.split.validation) == 5000
    assert run.is_complete


def test_threads_of_opencv_are_the_same_after_a_training(finished: Run) -> None:
    assert finished.is_tested
    assert cv2.getNumThreads() == OPENCV_THREADS


def test_run_of_a_finder_is_not_loaded_as_a_classifier(finished: Run) -> None:
    with pytest.raises(RunError, match="holds a finder, not a classifier; see "):
        load_classifier(finished.folder)


def test_other_digits_than_those_of_mnist_are_rejected(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="leave out --data"):
        train("finder", SMALL, data=small_mnist, out=tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


def test_command_line_trains_a_finder(tendigits: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    words = [f"--set={name}={value}" for name, value in SMALL.items()]
    result = tendigits("train", "finder", "--threads", "1", "-o", folder, *words)
    assert (result.returncode, result.stderr) == (0, "")
    assert "On 6 validation pages: " in result.stdout


class PressingCtrlC(Silent):
    """A reporter that presses Ctrl-C in the first step of the second epoch."""

    def step(self, title: str, done: int, total: int) -> None:  # noqa: ARG002
        if (title, done) == ("Epoch 2/2", 1):
            signal.raise_signal(signal.SIGINT)


def fitted(glyphs: FinderGlyphs, seed: int) -> dict[str, torch.Tensor]:
    recipe = load_recipe("finder", {**SMALL, "seed": seed})
    state = TrainingState.initial(build_network(recipe.network, seed), recipe)
    return fit_finder(state, glyphs, recipe).state_dict()
