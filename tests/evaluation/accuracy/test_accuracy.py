import numpy as np

from tendigits.data import Dataset
from tendigits.evaluation.accuracy import measure_accuracy


def test_the_parts_agree_with_each_other(mnist: Dataset) -> None:
    answers = np.roll(mnist.test.labels, 1)  # as good as guessing
    logarithms = np.log(np.full((10_000, 10), 0.05) + 0.5 * np.eye(10)[answers])
    found = measure_accuracy(logarithms.astype(np.float32), mnist.test.labels, tuple("0123456789"))
    errors = round(10_000 * (1 - found.metrics.accuracy))
    assert len(found.mistakes) == sum(found.metrics.errors_per_class) == errors
    assert sum(each.images for each in found.classes) == 10_000
    assert 0.05 < found.corrected.without < 0.15
    first = found.confused[0]
    assert sum(first.errors) == sum(
        {each.truth, each.answer} == set(first.classes) for each in found.mistakes
    )
