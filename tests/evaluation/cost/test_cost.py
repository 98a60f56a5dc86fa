from tendigits.evaluation.cost import measure_cost
from tendigits.loading import load_classifier


def test_a_classifier_is_timed_and_weighed() -> None:
    cost = measure_cost(load_classifier("mlp"), 0.98)
    assert (cost.name, cost.accuracy, cost.parameters) == ("mlp", 0.98, 401_110)
    assert cost.multiply_adds == 400_400
    assert cost.bytes > 4 * cost.parameters
    assert 0 < cost.milliseconds < 1000
    assert cost.images_per_second > 1000 / cost.milliseconds  # many at a time are cheaper
