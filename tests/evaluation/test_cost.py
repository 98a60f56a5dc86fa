import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tendigits.classifiers import load_model_file
from tendigits.evaluation.cost import measure_cost


def test_cost_holds_the_size_of_the_classifier() -> None:
    cost = measure_cost(load_model_file("mlp"), 0.98)
    assert (cost.name, cost.accuracy, cost.parameters) == ("mlp", 0.98, 401_110)
    assert cost.multiply_adds == 400_400
    assert cost.bytes > 4 * cost.parameters


def test_time_is_the_median_over_single_images_and_over_batches() -> None:
    sizes: list[int] = []

    def logits(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        first = not sizes or sizes[-1] != len(images)  # this call also initialises
        sizes.append(len(images))
        time.sleep(1.0 if first else 0.002)
        return np.zeros((len(images), 10), np.float32)

    cost = measure_cost(replace(load_model_file("mlp"), logits=logits), 0.98)
    assert sizes == [1] * 201 + [1024] * 6
    assert 2 <= cost.milliseconds < 500
    assert 1024 / 0.5 < cost.images_per_second <= 1024 / 0.002
