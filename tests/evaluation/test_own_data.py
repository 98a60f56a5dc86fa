from dataclasses import replace

import numpy as np
import pytest

from tendigits import load_classifier, load_dataset
from tendigits.classifiers import Classifier
from tendigits.data import Dataset
from tendigits.errors import DataError
from tendigits.evaluation.own_data import describe_images, images_to_measure


@pytest.fixture(scope="module")
def mlp() -> Classifier:
    return load_classifier("mlp")


@pytest.fixture(scope="module")
def mine(mnist: Dataset) -> Dataset:
    """A hundred images without a test part."""
    return load_dataset((mnist.test.images[:100], mnist.test.labels[:100]))


def trained_on(classifier: Classifier, data: str, recipe: dict[str, object]) -> Classifier:
    origin = replace(classifier.origin, data=data, recipe=classifier.origin.recipe | recipe)
    return replace(classifier, origin=origin)


def test_model_of_mnist_is_measured_on_all_images(mlp: Classifier, mine: Dataset) -> None:
    assert len(images_to_measure(mlp, mine)) == 100
    assert describe_images(mlp, mine) == "Measured on all 100 images of arrays."


@pytest.mark.parametrize(
    ("data", "recipe"),
    [("arrays", {}), ("mnist", {"fine_tuning": {"fraction": 0.1}})],
    ids=["own data", "fine-tuned"],
)
def test_model_that_may_have_seen_them_is_measured_on_those_held_out(
    mlp: Classifier, mine: Dataset, data: str, recipe: dict[str, object]
) -> None:
    model = trained_on(mlp, data, recipe)
    assert np.array_equal(images_to_measure(model, mine).images, mine.test.images)
    assert describe_images(model, mine) == (
        f"Measured on the {len(mine.test)} images of arrays that are held out, as mlp may have "
        "been trained on the others."
    )


def test_other_data_called_mnist_is_not_taken_for_it(mlp: Classifier, mine: Dataset) -> None:
    origin = replace(mlp.origin, data_sha256={"train-images-idx3-ubyte": "0"})
    assert len(images_to_measure(replace(mlp, origin=origin), mine)) == len(mine.test)


def test_given_test_part_is_what_is_measured_on(mlp: Classifier, small_mnist: Dataset) -> None:
    assert images_to_measure(mlp, small_mnist) is small_mnist.test
    assert describe_images(mlp, small_mnist) == "Measured on the 500 test images of small-mnist."


def test_data_of_other_classes_is_rejected(mlp: Classifier, mine: Dataset) -> None:
    letters = replace(mine, class_names=tuple("abcdefghij"))
    with pytest.raises(DataError, match=r"has the classes a, b, .* and mlp predicts 0, 1"):
        images_to_measure(mlp, letters)
