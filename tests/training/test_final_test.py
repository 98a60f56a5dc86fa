import json
import math
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from torch import Tensor, nn
from torch.nn import functional

from tendigits import evaluate, load_run, train
from tendigits.data import Dataset
from tendigits.errors import RunError
from tendigits.evaluation import Metrics
from tendigits.evaluation.validation import Validation
from tendigits.files import write_json
from tendigits.networks import classifier_of_network
from tendigits.networks.torch_classifier import scaled
from tendigits.training import EpochResult, Run, load_network, read_history
from tendigits.training.final_test import (
    compare_with_record,
    plot_history,
    run_test,
    validate_network,
)
from tendigits.training.run_records import read_record


@pytest.fixture(scope="module")
def run(small_mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "run"
    return train("mlp", {"epochs": 2}, data=small_mnist, out=folder, threads=1, quiet=True)


@pytest.fixture(scope="module")
def metrics(run: Run) -> Metrics:
    return evaluate(run)


@pytest.fixture
def copy(run: Run, tmp_path: Path) -> Run:
    return load_run(shutil.copytree(run.folder, tmp_path / "copy"))


def test_evaluation_gives_the_recorded_metrics(run: Run, metrics: Metrics) -> None:
    recorded = json.loads(run.metrics_file.read_text(encoding="utf-8"))
    assert json.loads(json.dumps(asdict(metrics))) == recorded
    assert metrics.images == 500


def test_run_can_be_evaluated_by_its_path(run: Run, metrics: Metrics) -> None:
    assert evaluate(run.folder) == evaluate(str(run.folder)) == metrics


def test_evaluation_writes_nothing(run: Run) -> None:
    before = contents(run.folder)
    compare_with_record(run, evaluate(run))
    assert contents(run.folder) == before


def test_test_writes_metrics_plots_and_card(copy: Run, run: Run, small_mnist: Dataset) -> None:
    copy.metrics_file.unlink()
    copy.model_card.unlink()
    shutil.rmtree(copy.plots)
    tested = run_test(copy, load_network(copy), small_mnist)
    assert tested == evaluate(run)
    assert contents(copy.folder).keys() == contents(run.folder).keys()
    assert copy.metrics_file.read_bytes() == run.metrics_file.read_bytes()


def test_same_metrics_are_reported_as_the_same(run: Run, metrics: Metrics) -> None:
    assert compare_with_record(run, metrics).startswith("The same as recorded")


def test_other_metrics_are_reported_as_not_the_same(run: Run, metrics: Metrics) -> None:
    other = replace(metrics, confusion=metrics.confusion[::-1])
    sentence = compare_with_record(run, other)
    assert sentence.startswith("Not the same")
    assert f"{100 * metrics.accuracy:.2f}%" in sentence


def test_run_without_metrics_is_reported_as_not_tested(copy: Run, metrics: Metrics) -> None:
    copy.metrics_file.unlink()
    assert "has not been tested yet" in compare_with_record(copy, metrics)


@pytest.mark.parametrize("record", ["", "{", "{}", "[]", '{"confusion": 1}', "\x00"])
def test_damaged_metrics_json_is_rejected_in_one_line(
    copy: Run, metrics: Metrics, record: str
) -> None:
    copy.metrics_file.write_text(record, encoding="utf-8")
    with pytest.raises(RunError, match=r"metrics\.json") as rejection:
        compare_with_record(copy, metrics)
    assert "\n" not in str(rejection.value)


def test_recorded_nan_loss_is_accepted(copy: Run, metrics: Metrics) -> None:
    write_json(copy.metrics_file, asdict(replace(metrics, loss=math.nan)))
    assert compare_with_record(copy, metrics).startswith("The same as recorded")


def test_loss_of_the_test_is_that_of_calibrated_probabilities(
    run: Run, metrics: Metrics, small_mnist: Dataset
) -> None:
    test = small_mnist.test
    validation = json.loads(run.validation.read_text(encoding="utf-8"))
    with torch.no_grad():
        logits = load_network(run)(scaled(torch.from_numpy(test.images)))
    targets = torch.from_numpy(test.labels)
    calibrated = functional.cross_entropy(logits / validation["temperature"], targets).item()
    assert metrics.loss == pytest.approx(calibrated, rel=1e-5)
    assert metrics.loss != pytest.approx(functional.cross_entropy(logits, targets).item(), rel=1e-5)


def test_validation_json_has_the_figures_of_the_last_epoch(run: Run) -> None:
    validation = json.loads(run.validation.read_text(encoding="utf-8"))
    last = read_history(run.history_file)[-1]
    assert validation["images"] == 200
    assert (validation["accuracy"], validation["loss"]) == (last.val_accuracy, last.val_loss)
    assert validation["calibrated_loss"] <= validation["loss"]
    assert validation["ood_rejected"] is None


def test_temperature_of_a_network_with_scaled_logits_undoes_the_scale(
    run: Run, small_mnist: Dataset
) -> None:
    held_out = small_mnist.train.subset(run.split.validation)
    network = load_network(run)
    plain = validate_network(network, run.recipe, held_out)
    overconfident = validate_network(ScaledLogits(network, 3.0), run.recipe, held_out)
    assert overconfident.temperature == pytest.approx(3 * plain.temperature, rel=1e-3)
    assert overconfident.calibrated_loss == pytest.approx(plain.calibrated_loss, rel=1e-4)
    assert overconfident.threshold == pytest.approx(plain.threshold, rel=1e-2)


def test_threshold_rejects_one_validation_image_in_500(run: Run, mnist: Dataset) -> None:
    held_out = mnist.train.subset(np.arange(5000, 10_000))
    network = load_network(run)
    validation = validate_network(network, run.recipe, held_out)
    predictions = classifier_of_network(network, validation.temperature).predict(held_out.images)
    assert (predictions.confidence < validation.threshold).sum() == 10


def test_network_trained_on_non_digits_rejects_unseen_ones(
    small_mnist: Dataset, tmp_path: Path
) -> None:
    settings: dict[str, object] = {
        "epochs": 3,
        "network.stem_channels": 8,
        "network.stages": [[16], [24]],
        "ood.count": 400,
    }
    run = train("fast", settings, data=small_mnist, out=tmp_path / "run", threads=1, quiet=True)
    validation = read_record(run.validation, Validation)
    assert validation.ood_rejected is not None
    assert validation.ood_rejected > 0.3
    assert 0 < validation.threshold < 1


@pytest.mark.parametrize("epochs", [1, 2, 50])
def test_plot_of_the_history_has_curves_of_loss_and_accuracy(epochs: int) -> None:
    history = history_of(epochs)
    loss, accuracy = plot_history(history).axes
    assert (loss.get_xlabel(), loss.get_ylabel()) == ("epoch", "loss (nats)")
    assert (accuracy.get_xlabel(), accuracy.get_ylabel()) == ("epoch", "accuracy (%)")
    assert curves(loss) == {
        "training (during the epoch)": [(each.epoch, each.loss) for each in history],
        "validation (after the epoch)": [(each.epoch, each.val_loss) for each in history],
    }
    assert curves(accuracy) == {
        "training (during the epoch)": [(each.epoch, each.accuracy) for each in history],
        "validation (after the epoch)": [(each.epoch, each.val_accuracy) for each in history],
    }


def test_plot_of_a_history_without_validation_has_training_curves_only() -> None:
    history = [replace(each, val_loss=None, val_accuracy=None) for each in history_of(3)]
    for axes in plot_history(history).axes:
        assert list(curves(axes)) == ["training (during the epoch)"]


class ScaledLogits(nn.Module):
    """A network with logits that are multiplied by a factor."""

    def __init__(self, network: nn.Module, factor: float) -> None:
        super().__init__()
        self.network = network
        self.factor = factor

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(images)
        return self.factor * logits


def history_of(epochs: int) -> list[EpochResult]:
    return [
        EpochResult(epoch, 1.0, 2.0, 0.9 + epoch / 1000, 1 / epoch, 0.91, 1.1 / epoch, 1e4, 0.1)
        for epoch in range(1, epochs + 1)
    ]


def curves(axes: Axes) -> dict[object, list[tuple[float, float]]]:
    """Return the points of each line, by its label in the legend."""
    legend = axes.get_legend()
    assert legend is not None
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == [line.get_label() for line in axes.lines]
    return {
        line.get_label(): list(zip(*(np.asarray(line.get_data()).tolist()), strict=True))
        for line in axes.lines
    }


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
