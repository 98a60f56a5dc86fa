import numpy as np
import pytest
from numpy.typing import NDArray

import tendigits
from tendigits.datasets import Dataset, Examples
from tendigits.evaluation.corruptions import CORRUPTIONS, STRENGTHS, Robustness, measure_robustness
from tendigits.reading.model_file import scaled

STEPS: list[tuple[str, int, int]] = []


@pytest.fixture(scope="module")
def examples(mnist: Dataset) -> Examples:
    return Examples(mnist.test.images[:200], mnist.test.labels[:200])


@pytest.fixture(scope="module")
def robustness(examples: Examples) -> Robustness:
    model = tendigits.load_model("mlp")

    def zeros(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.tile(np.eye(11, dtype=np.float32)[10] + np.eye(11)[0] * 0.5, (len(images), 1))

    recognisers = {"mlp": lambda images: model.logits(scaled(images)), "zeros": zeros}
    return measure_robustness(recognisers, examples, lambda *step: STEPS.append(step))


def test_every_corruption_and_strength_is_measured_for_each(robustness: Robustness) -> None:
    assert robustness.images == 200
    assert [each.name for each in robustness.recognisers] == ["mlp", "zeros"]
    for each in robustness.recognisers:
        assert list(each.errors) == list(CORRUPTIONS)
        assert {len(errors) for errors in each.errors.values()} == {len(STRENGTHS)}
        assert each.mean == pytest.approx(np.mean(list(each.errors.values())))


def test_strong_corruptions_hurt_more_than_weak_ones(robustness: Robustness) -> None:
    errors = np.array(list(robustness.recognisers[0].errors.values()))
    assert errors[:, 0].mean() < errors[:, 2].mean() < errors[:, 4].mean()


def test_who_refuses_or_names_a_digit_is_judged_by_the_digit(
    robustness: Robustness, examples: Examples
) -> None:
    _, zeros = robustness.recognisers
    assert zeros.mean == pytest.approx((examples.labels != 0).mean())


def test_progress_is_told_to_the_end(robustness: Robustness) -> None:
    assert robustness.images
    assert STEPS[-1][1:] == (75, 75)
    assert [done for _, done, _ in STEPS] == sorted(done for _, done, _ in STEPS)
