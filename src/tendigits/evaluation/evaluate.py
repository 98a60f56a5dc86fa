"""The test of a classifier on the test part of its data set, and its figures in words."""

from collections.abc import Sequence

from scipy.special import log_softmax

from tendigits.classifiers import Classifier
from tendigits.data import CATALOGUE, CLASSES, load_dataset
from tendigits.errors import ModelError
from tendigits.evaluation.accuracy import Metrics, measure


def evaluate_model(model: Classifier) -> Metrics:
    """Test a model file on the test part of the data set that it names.

    Raises:
        ModelError: its data set is in no catalogue, or is another than the one of that name.
        DataError: the data set is not there.
    """
    info = model.info
    if info.data not in CATALOGUE:
        raise ModelError(
            f"The model was trained on {info.data}, which is no data set known by name; known are "
            f"{', '.join(CATALOGUE)}."
        )
    dataset = load_dataset(info.data)
    if dataset.checksums != info.data_sha256:
        raise ModelError(f"The model was trained on another {info.data} than is here.")
    logits = model.logits(dataset.test.images)
    answers = log_softmax(logits / info.temperature, axis=1)[:, :CLASSES]
    return measure(answers, dataset.test.labels)


def summarise_test(metrics: Metrics, class_names: Sequence[str]) -> str:
    """Return the test's figures as the command line prints them."""
    low, high = metrics.interval_95
    errors = ", ".join(
        f"{name}: {count}"
        for name, count in zip(class_names, metrics.errors_per_class, strict=True)
    )
    return (
        f"Test loss: {metrics.loss:.2f}. Test accuracy: {100 * metrics.accuracy:.2f}%\n"
        f"95 % interval (Wilson): {100 * low:.2f}% to {100 * high:.2f}%, "
        f"{metrics.examples:,} images\n"
        f"Errors per class: {errors} (in all {sum(metrics.errors_per_class):,})"
    )
