import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tendigits import train
from tendigits.data import Dataset
from tendigits.evaluation import Metrics, measure
from tendigits.evaluation.validation import Validation
from tendigits.training import Run
from tendigits.training.model_card import model_card
from tendigits.training.run_folder import classifier_of_run
from tendigits.training.run_records import read_record

METRICS = Metrics(
    images=10_000,
    loss=0.0789,
    accuracy=0.9802,
    interval_95=(0.97728, 0.98275),
    errors_per_class=(8, 9, 20, 17, 22, 21, 19, 26, 25, 31),
    confusion=((0,) * 10,) * 10,
)


@pytest.fixture(scope="module")
def run(small_mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "run"
    return train("mlp", {"epochs": 2}, data=small_mnist, out=folder, threads=1, quiet=True)


@pytest.fixture(scope="module")
def card(run: Run) -> str:
    return run.model_card.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def metrics(run: Run) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(run.metrics_file.read_text(encoding="utf-8"))
    return value


def test_test_figures_of_the_card_are_those_of_metrics_json(
    card: str, metrics: dict[str, Any]
) -> None:
    row = table_row(card, "test, ")
    assert row == [f"{100 * metrics['accuracy']:.2f} %", f"{metrics['loss']:.4f}", "500"]
    low, high = metrics["interval_95"]
    assert f"{100 * low:.2f} % to {100 * high:.2f} %" in card


def test_validation_figures_of_the_card_are_those_of_validation_json(card: str, run: Run) -> None:
    validation = read_record(run.validation, Validation)
    assert table_row(card, "validation, ") == [
        f"{100 * validation.accuracy:.2f} %",
        f"{validation.calibrated_loss:.4f}",
        "200",
    ]


def test_validation_figures_of_an_ensemble_are_its_own(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    settings = {"epochs": 1, "members": 2, "network.widths": [20]}
    run = train("mlp", settings, data=small_mnist, out=tmp_path / "run", threads=1, quiet=True)
    held_out = small_mnist.train.subset(run.split.validation)
    measured = measure(classifier_of_run(run).predict(held_out.images, held_out.labels))
    row = table_row(run.model_card.read_text(encoding="utf-8"), "validation, ")
    assert row == [f"{100 * measured.accuracy:.2f} %", f"{measured.loss:.4f}", "200"]
    assert measured.accuracy != run.history[-1].val_accuracy  # the mean of the members


def test_card_without_validation_images_says_so(run: Run) -> None:
    card = model_card(run, run.history, METRICS, None, run.data.class_names)
    assert "| validation | none held out | | 0 |" in card
    assert "temperature" not in card


def test_card_counts_images_and_errors_of_each_class(card: str, metrics: dict[str, Any]) -> None:
    for digit, (row, errors) in enumerate(
        zip(metrics["confusion"], metrics["errors_per_class"], strict=True)
    ):
        assert table_row(card, f"{digit} ") == [str(sum(row)), str(errors)]


def test_card_names_data_recipe_seed_and_versions(card: str, run: Run) -> None:
    for sha256 in run.data.sha256.values():
        assert sha256 in card
    assert run.recipe.description in card
    assert "seed (0)" in card
    assert "401,110 parameters" in card
    assert f"torch {run.environment.versions['torch']}" in card
    assert run.environment.started in card


def test_plots_of_the_card_exist(card: str, run: Run) -> None:
    plots = re.findall(r"!\[[^]]+\]\(([^)]+)\)", card)
    assert len(plots) == 3
    assert all((run.folder / plot).is_file() for plot in plots)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "It cannot reject"),
        ({"ood.count": 40}, "It was also trained on 40 synthetic images of non-digits"),
    ],
)
def test_card_says_whether_the_classifier_can_reject(
    run: Run, changes: dict[str, object], sentence: str
) -> None:
    changed = replace(run, recipe=run.recipe.changed(changes))
    card = model_card(changed, run.history, METRICS, None, run.data.class_names)
    assert sentence in card


def table_row(card: str, start: str) -> list[str]:
    """Return the cells of the table row that begins with `start`, without the first."""
    (row,) = [line for line in card.splitlines() if line.startswith(f"| {start}")]
    return [cell.strip() for cell in row.strip("|").split("|")][1:]


def test_card_of_a_single_epoch_says_so_and_a_description_is_optional(run: Run) -> None:
    changed = replace(run, recipe=run.recipe.changed({"description": ""}))
    card = model_card(changed, run.history[:1], METRICS, None, run.data.class_names)
    assert "trained for one epoch only" in card
    assert ", one epoch, " in card
    assert "\n\n\n" not in card
    assert "one epoch" not in model_card(run, run.history, METRICS, None, run.data.class_names)
