from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from drawn import colours
from tendigits.data import CATALOGUE, Dataset
from tendigits.evaluation import measure
from tendigits.evaluation.accuracy import Mistake
from tendigits.evaluation.accuracy.classes import ConfusedPair
from tendigits.evaluation.accuracy.draw_accuracy import (
    draw_confused_pairs,
    draw_confusion,
    draw_label_errors,
    draw_worst_errors,
)
from tendigits.evaluation.accuracy.label_errors import LABEL_ERRORS

DIGITS = tuple("0123456789")
EVERY_CLASS = np.arange(10)


def mistakes(count: int) -> list[Mistake]:
    return [Mistake(index, 3, 5, 0.9, 0.01) for index in range(count)]


@pytest.mark.parametrize("names", [entry.class_names for entry in CATALOGUE.values()])
@pytest.mark.parametrize("answers", [EVERY_CLASS, EVERY_CLASS[::-1]], ids=["right", "wrong"])
def test_the_confusion_of_every_data_set_is_drawn(
    tmp_path: Path, names: tuple[str, ...], answers: NDArray[np.int64]
) -> None:
    metrics = measure(np.eye(10, dtype=np.float32)[answers], EVERY_CLASS)
    draw_confusion(metrics, names, tmp_path / "confusion.png")
    assert colours(tmp_path / "confusion.png") > 10


@pytest.mark.parametrize("count", [0, 1, 25, 40])
def test_any_number_of_errors_is_drawn(tmp_path: Path, mnist: Dataset, count: int) -> None:
    draw_worst_errors(mnist.test.images, mistakes(count), DIGITS, tmp_path / "worst.png")
    assert colours(tmp_path / "worst.png") > 10


@pytest.mark.parametrize("pairs", [(), (ConfusedPair((3, 5), (9, 0)),)], ids=["none", "one"])
def test_any_number_of_pairs_is_drawn(
    tmp_path: Path, mnist: Dataset, pairs: tuple[ConfusedPair, ...]
) -> None:
    path = tmp_path / "pairs.png"
    draw_confused_pairs(mnist.test.images, pairs, mistakes(9), DIGITS, path)
    assert (colours(path) > 10) is bool(pairs)


def test_the_fifteen_label_errors_are_drawn(tmp_path: Path, mnist: Dataset) -> None:
    answers = [error.given for error in LABEL_ERRORS]
    draw_label_errors(mnist.test.images, answers, tmp_path / "label-errors.png")
    assert colours(tmp_path / "label-errors.png") > 10


def test_the_same_figures_give_the_same_picture(tmp_path: Path) -> None:
    metrics = measure(np.eye(10, dtype=np.float32), EVERY_CLASS)
    for name in ("one.png", "other.png"):
        draw_confusion(metrics, DIGITS, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "other.png").read_bytes()
