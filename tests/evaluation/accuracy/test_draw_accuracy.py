from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tendigits.datasets import CATALOGUE, Dataset, Examples
from tendigits.evaluation import measure
from tendigits.evaluation.figures import (
    draw_confusion,
    draw_curves,
    draw_worst_errors,
    worst_errors,
)
from tendigits.training import EpochResult

EVERY_CLASS = np.arange(10)


def answers_with_truth_at(shares: list[float]) -> NDArray[np.float32]:
    """Return log probabilities where image i's truth, 0, has shares[i] and class 1 the rest."""
    answers = np.full((len(shares), 10), 1e-9, dtype=np.float32)
    answers[:, 0] = shares
    answers[:, 1] = 1 - answers[:, 0]
    return np.log(answers)


def test_the_worst_error_comes_first_and_right_answers_never() -> None:
    answers = answers_with_truth_at([0.9, 0.3, 0.01, 0.6, 0.2])
    assert worst_errors(answers, np.zeros(5, np.int64)).tolist() == [2, 4, 1]


@pytest.mark.parametrize(("wrong", "shown"), [(0, 0), (1, 1), (25, 25), (40, 25)])
def test_at_most_25_errors_are_shown(wrong: int, shown: int) -> None:
    answers = answers_with_truth_at([0.9] * 5 + [0.1] * wrong)
    assert len(worst_errors(answers, np.zeros(5 + wrong, np.int64))) == shown


@pytest.mark.parametrize("epochs", [1, 2, 50])
def test_curves_of_any_number_of_epochs_are_drawn(tmp_path: Path, epochs: int) -> None:
    history = [
        EpochResult(e, 1.0, 2.0, 0.9, 1 / e, 0.91, 1.1 / e, 1e4, 0.1) for e in range(1, epochs + 1)
    ]
    draw_curves(history, tmp_path / "curves.png")
    assert colours(tmp_path / "curves.png") > 10


@pytest.mark.parametrize("names", [entry.class_names for entry in CATALOGUE.values()])
@pytest.mark.parametrize("answers", [EVERY_CLASS, EVERY_CLASS[::-1]], ids=["right", "wrong"])
def test_the_confusion_of_every_data_set_is_drawn(
    tmp_path: Path, names: tuple[str, ...], answers: NDArray[np.int64]
) -> None:
    metrics = measure(np.eye(10, dtype=np.float32)[answers], EVERY_CLASS)
    draw_confusion(metrics, names, tmp_path / "confusion.png")
    assert colours(tmp_path / "confusion.png") > 10


@pytest.mark.parametrize("share", [0.9, 0.1], ids=["no error", "every answer wrong"])
def test_worst_errors_are_drawn(tmp_path: Path, small_mnist: Dataset, share: float) -> None:
    answers = answers_with_truth_at([share] * len(small_mnist.test))
    of_zeros = np.flatnonzero(small_mnist.test.labels == 0)
    zeros = Examples(small_mnist.test.images[of_zeros], small_mnist.test.labels[of_zeros])
    draw_worst_errors(zeros, answers[of_zeros], small_mnist.class_names, tmp_path / "worst.png")
    assert colours(tmp_path / "worst.png") > 10


def test_the_same_figures_give_the_same_picture(tmp_path: Path) -> None:
    metrics = measure(np.eye(10, dtype=np.float32), EVERY_CLASS)
    for name in ("one.png", "other.png"):
        draw_confusion(metrics, tuple("0123456789"), tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "other.png").read_bytes()


def colours(path: Path) -> int:
    """Return how many colours the PNG at `path` has: a blank one has one."""
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        found = picture.convert("RGB").getcolors(maxcolors=1 << 24)
    assert found is not None
    return len(found)
