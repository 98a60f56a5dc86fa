"""The test: a run's trained network on the test set."""

from dataclasses import asdict
from pathlib import Path

from torch import nn

from tendigits.data import CLASSES, Dataset
from tendigits.evaluation.accuracy import Metrics, find_mistakes, measure
from tendigits.evaluation.accuracy.draw_accuracy import draw_confusion, draw_worst_errors
from tendigits.files import write_json, write_text
from tendigits.training.curves import draw_curves
from tendigits.training.history import read_history
from tendigits.training.log import RunLog
from tendigits.training.model_card import model_card
from tendigits.training.predict import log_probabilities
from tendigits.training.record import read_record
from tendigits.training.run import Run, load_network, load_run, load_run_data
from tendigits.training.validate import validate


def evaluate(run: Run | str | Path) -> Metrics:
    """Repeat the test of a run from its files; nothing is written.

    Args:
        run: a run or the path of its folder.

    Returns:
        The figures on the test part of the run's data set.

    Raises:
        RunError: there is no trained run, or its data set has changed.
        DataError: its data set is not there any more.
    """
    run = run if isinstance(run, Run) else load_run(run)
    network = load_network(run)
    test = load_run_data(run).test
    return measure(log_probabilities(network, test.images)[:, :CLASSES], test.labels)


def compare_with_record(run: Run, metrics: Metrics) -> str:
    """Say whether `metrics` are what the run's own test has written.

    Raises:
        RunError: what it has written is damaged.
    """
    if not run.metrics.exists():
        return f"The run's own test has not been done: {run.metrics} is not there."
    recorded = read_record(run.metrics, Metrics)
    if recorded.confusion == metrics.confusion:
        return f"The same as recorded in {run.metrics}"
    return (
        f"Not the same as recorded in {run.metrics} ({100 * recorded.accuracy:.2f}%): "
        "another machine or other versions, or the weights have changed."
    )


def run_test(run: Run, network: nn.Module, dataset: Dataset) -> Metrics:
    """Open the test set once, after training, and write what it yields to the run folder.

    Writes `metrics.json`, `figures/` and `MODEL_CARD.md`, and before that `validation.json`.
    """
    if len(run.split.validation):
        write_json(run.validation, asdict(validate(run, network, dataset.train)))
    answers = log_probabilities(network, dataset.test.images)[:, :CLASSES]
    metrics = measure(answers, dataset.test.labels)
    history = read_history(run.history)
    run.figures.mkdir(exist_ok=True)
    draw_curves(history, run.figures / "curves.png")
    draw_confusion(metrics, dataset.class_names, run.figures / "confusion.png")
    draw_worst_errors(
        dataset.test.images,
        find_mistakes(answers, dataset.test.labels),
        dataset.class_names,
        run.figures / "worst-errors.png",
    )
    write_text(run.model_card, model_card(run, history, metrics, dataset.class_names))
    RunLog(run.log).write("test", loss=metrics.loss, accuracy=metrics.accuracy)
    write_json(run.metrics, asdict(metrics))  # last: where it is, the run is complete
    return metrics
