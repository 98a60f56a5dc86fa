from dataclasses import replace

import numpy as np
import pytest

from tendigits.classifiers import Classifier, load_model_file
from tendigits.data import Dataset, LabelledImages
from tendigits.evaluation.corruptions import CORRUPTIONS, STRENGTHS
from tendigits.evaluation.robustness import Robustness, measure_robustness

STEPS: list[tuple[str, int, int]] = []


@pytest.fixture(scope="module")
def digits(mnist: Dataset) -> LabelledImages:
    return mnist.test.subset(np.arange(200))


@pytest.fixture(scope="module")
def mlp() -> Classifier:
    return load_model_file("mlp")


@pytest.fixture(scope="module")
def robustness(mlp: Classifier, digits: LabelledImages) -> Robustness:
    non_digit, zero = np.eye(11, dtype=np.float32)[[10, 0]]
    always_0 = replace(
        mlp, name="0", logits=lambda images: np.tile(non_digit + zero / 2, (len(images), 1))
    )
    return measure_robustness([mlp, always_0], digits, lambda *step: STEPS.append(step))


def test_every_corruption_and_strength_is_measured_for_each_classifier(
    robustness: Robustness,
) -> None:
    assert robustness.images == 200
    assert [each.name for each in robustness.classifiers] == ["mlp", "0"]
    for each in robustness.classifiers:
        assert list(each.errors) == list(CORRUPTIONS)
        assert {len(errors) for errors in each.errors.values()} == {len(STRENGTHS)}
        assert each.mean == pytest.approx(np.mean(list(each.errors.values())))


def test_errors_grow_with_the_strength(robustness: Robustness) -> None:
    errors = np.array(list(robustness.classifiers[0].errors.values()))
    assert 0.02 < errors[:, 0].mean() < errors[:, 2].mean() < errors[:, 4].mean() < 0.9


def test_most_probable_digit_counts_even_where_non_digit_is_more_probable(
    robustness: Robustness, digits: LabelledImages
) -> None:
    always_0 = robustness.classifiers[1]
    assert always_0.mean == pytest.approx((digits.labels != 0).mean())


def test_progress_is_reported_up_to_the_end(robustness: Robustness) -> None:
    assert robustness.images
    assert STEPS[-1] == ("Corruptions", 75, 75)
    assert [done for _, done, _ in STEPS] == list(range(76))
