from tendigits.classifiers import load_model_file
from tendigits.evaluation.cost import measure_cost


def test_cost_holds_size_and_speed_of_the_classifier() -> None:
    cost = measure_cost(load_model_file("mlp"), 0.98)
    assert (cost.name, cost.accuracy, cost.parameters) == ("mlp", 0.98, 401_110)
    assert cost.multiply_adds == 400_400
    assert cost.bytes > 4 * cost.parameters
    assert 0 < cost.milliseconds < 1000
    assert cost.images_per_second > 1000 / cost.milliseconds  # batches are faster
