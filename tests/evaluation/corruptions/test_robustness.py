import numpy as np
import pytest
from numpy.typing import NDArray

import tendigits
from tendigits.classifiers.model_file import to_inputs
from tendigits.data import Dataset, LabelledImages
from tendigits.evaluation.corruptions import CORRUPTIONS, STRENGTHS, Robustness, measure_robustness

STEPS: list[tuple[str, int, int]] = []


@pytest.fixture(scope="module")
def examples(mnist: Dataset) -> LabelledImages:
    return LabelledImages(mnist.test.images[:200], mnist.test.labels[:200])


@pytest.fixture(scope="module")
def robustness(examples: LabelledImages) -> Robustness:
    model = tendigits.load_classifier("mlp")

    def zeros(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.tile(np.eye(11, dtype=np.float32)[10] + np.eye(11)[0] * 0.5, (len(images), 1))

    classifiers = {"mlp": lambda images: model.logits(to_inputs(images)), "zeros": zeros}
    return measure_robustness(classifiers, examples, lambda *step: STEPS.append(step))


def test_every_corruption_and_strength_is_measured_for_each(robustness: Robustness) -> None:
    assert robustness.images == 200
    assert [each.name for each in robustness.classifiers] == ["mlp", "zeros"]
    for each in robustness.classifiers:
        assert list(each.errors) == list(CORRUPTIONS)
        assert {len(errors) for errors in each.errors.values()} == {len(STRENGTHS)}
        assert each.mean == pytest.approx(np.mean(list(each.errors.values())))


def test_strong_corruptions_hurt_more_than_weak_ones(robustness: Robustness) -> None:
    errors = np.array(list(robustness.classifiers[0].errors.values()))
    assert errors[:, 0].mean() < errors[:, 2].mean() < errors[:, 4].mean()


def test_who_rejects_or_names_a_digit_is_judged_by_the_digit(
    robustness: Robustness, examples: LabelledImages
) -> None:
    _, zeros = robustness.classifiers
    assert zeros.mean == pytest.approx((examples.labels != 0).mean())


def test_progress_is_told_to_the_end(robustness: Robustness) -> None:
    assert robustness.images
    assert STEPS[-1][1:] == (75, 75)
    assert [done for _, done, _ in STEPS] == sorted(done for _, done, _ in STEPS)
