from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tendigits import DataError, ModelError
from tendigits.classifiers import Classifier, load_model_file
from tendigits.data import Dataset


@pytest.fixture(scope="module")
def reader() -> Classifier:
    """A classifier with an eleventh output, for non-digits."""
    return load_model_file("reader", threads=1)


def test_pretrained_classifier_predicts_mnist(reader: Classifier, mnist: Dataset) -> None:
    test = mnist.test
    predictions = reader.predict(test.images[:1000], test.labels[:1000])
    assert predictions.logits.shape == (1000, 11)
    assert predictions.probabilities.shape == (1000, 10)
    assert predictions.correct.mean() > 0.985
    assert predictions.temperature == reader.temperature


def test_empty_input_gives_empty_predictions(reader: Classifier) -> None:
    predictions = reader.predict(np.empty((0, 28, 28), np.uint8), np.empty(0, np.int64))
    assert len(predictions) == 0
    assert predictions.logits.shape == predictions.log_probabilities.shape == (0, 11)
    assert predictions.probabilities.shape == (0, 10)
    for values in (predictions.predicted, predictions.predicted_output, predictions.confidence):
        assert values.shape == (0,)
    assert predictions.correct.shape == (0,)
    tiny = load_model_file("tiny", threads=1)
    assert tiny.predict(np.empty((0, 28, 28), np.uint8)).logits.shape == (0, 10)


def test_single_image_gives_one_prediction(reader: Classifier, mnist: Dataset) -> None:
    image = mnist.test.images[0]
    one, many = reader.predict(image), reader.predict(image[np.newaxis])
    assert len(one) == 1
    np.testing.assert_array_equal(one.logits, many.logits)


def test_temperature_changes_the_confidence_but_not_the_digit(
    reader: Classifier, mnist: Dataset
) -> None:
    images = mnist.test.images[:50]
    cold, hot = (replace(reader, temperature=each).predict(images) for each in (0.5, 5.0))
    uncalibrated = replace(reader, temperature=None).predict(images)
    assert uncalibrated.temperature == 1
    np.testing.assert_array_equal(cold.predicted, hot.predicted)
    assert (cold.confidence > hot.confidence).all()


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 28, 28), np.float32),
        np.zeros((2, 28, 28), np.int64),
        np.zeros((2, 1, 28, 28), np.uint8),
        np.zeros((28, 27), np.uint8),
        np.zeros(784, np.uint8),
    ],
    ids=lambda images: f"{images.dtype} {images.shape}",
)
def test_images_of_other_types_and_shapes_are_rejected(
    reader: Classifier, images: NDArray[np.generic]
) -> None:
    with pytest.raises(DataError, match=r"give uint8 of shape \(n, 28, 28\)"):
        reader.predict(images)  # type: ignore[arg-type]


def test_only_model_files_have_metadata(reader: Classifier) -> None:
    assert reader.info.name == "reader"
    other = replace(reader, name="other", metadata=None)
    with pytest.raises(ModelError, match="other has no metadata; give a file that"):
        _ = other.info
