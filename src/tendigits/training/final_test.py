"""The final test of a run: the test set is used once, after the training."""

from collections.abc import Sequence
from dataclasses import asdict

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from torch import nn

from tendigits.data import Dataset, LabelledImages
from tendigits.evaluation.metrics import Metrics, find_errors, measure
from tendigits.evaluation.plots import (
    BLUE,
    RED,
    new_figure,
    plot_confusion,
    plot_worst_errors,
    save,
)
from tendigits.evaluation.validation import Validation, validate
from tendigits.files import write_json, write_text
from tendigits.networks import classifier_of_network
from tendigits.recipes import Recipe
from tendigits.training.history import EpochResult, RunLog, read_history
from tendigits.training.model_card import model_card
from tendigits.training.run_folder import Run
from tendigits.training.run_records import read_record

OOD_SEED = 2**32  # added to the run's seed; larger than every seed that is trained with


def run_test(run: Run, network: nn.Module, dataset: Dataset) -> Metrics:
    """Test a trained network once and write the results to the run folder.

    First temperature and threshold are fitted on the validation images, if there are any, and
    written to `validation.json`. The test then writes `plots/`, `MODEL_CARD.md` and
    `metrics.json`, whose loss is that of the calibrated probabilities.
    """
    validation = None
    if len(run.split.validation):
        held_out = dataset.train.subset(run.split.validation)
        validation = validate_network(network, run.recipe, held_out)
        write_json(run.validation, asdict(validation))
    temperature = validation.temperature if validation else None
    test = dataset.test
    predictions = classifier_of_network(network, temperature).predict(test.images, test.labels)
    metrics, errors = measure(predictions), find_errors(predictions)
    history, names = read_history(run.history_file), dataset.class_names
    run.plots.mkdir(exist_ok=True)
    save(plot_history(history), run.plots / "curves.png")
    save(plot_confusion(metrics, names), run.plots / "confusion.png")
    save(plot_worst_errors(test.images, errors, names), run.plots / "worst-errors.png")
    write_text(run.model_card, model_card(run, history, metrics, validation, names))
    RunLog(run.log).write("test", loss=metrics.loss, accuracy=metrics.accuracy)
    write_json(run.metrics_file, asdict(metrics))  # last: a run with this file is complete
    return metrics


def validate_network(network: nn.Module, recipe: Recipe, held_out: LabelledImages) -> Validation:
    """Fit temperature and threshold of a trained network on images that it was not trained on.

    Where the recipe trains on non-digits, as many unseen ones are drawn to count the rejections.
    """
    classifier = classifier_of_network(network)
    ood_predictions = None
    if recipe.ood is not None:
        from tendigits.data.synthetic import draw_ood_images  # noqa: PLC0415 - scipy is slow

        images = draw_ood_images(len(held_out), held_out, recipe.seed + OOD_SEED)
        ood_predictions = classifier.predict(images)
    return validate(classifier.predict(held_out.images, held_out.labels), ood_predictions)


def compare_with_record(run: Run, metrics: Metrics) -> str:
    """Return a sentence that says whether `metrics` are those in the run's `metrics.json`.

    Raises:
        RunError: `metrics.json` is damaged.
    """
    if not run.metrics_file.exists():
        return f"The run has not been tested yet: there is no {run.metrics_file}."
    recorded = read_record(run.metrics_file, Metrics)
    if recorded.confusion == metrics.confusion:
        return f"The same as recorded in {run.metrics_file}"
    return (
        f"Not the same as recorded in {run.metrics_file} ({100 * recorded.accuracy:.2f}%): the "
        "machine, the versions or the weights have changed."
    )


def plot_history(history: Sequence[EpochResult], loss: str = "loss (nats)") -> Figure:
    """Plot loss and accuracy by epoch, for training and validation images."""
    with new_figure(9.6, 4.0) as figure:
        left, right = figure.subplots(1, 2)
        _plot_curves(left, [(r.epoch, r.loss, r.val_loss) for r in history])
        left.set_ylabel(loss)
        left.set_ylim(bottom=0)
        _plot_curves(right, [(r.epoch, r.accuracy, r.val_accuracy) for r in history])
        right.yaxis.set_major_formatter(PercentFormatter(xmax=1, symbol=None))
        right.set_ylabel("accuracy (%)")
    return figure


def _plot_curves(axes: Axes, points: Sequence[tuple[int, float, float | None]]) -> None:
    """Plot (epoch, training value, validation value if any)."""
    epochs, training, validation = zip(*points, strict=True)
    axes.plot(epochs, training, "o-", color=BLUE, label="training (during the epoch)")
    if validation[0] is not None:
        axes.plot(epochs, validation, "o-", color=RED, label="validation (after the epoch)")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend()
