import pytest

from tendigits.data import Dataset, LabelledImages
from tendigits.evaluation.attacks import Attacks, measure_attacks
from tendigits.loading import load_classifier


@pytest.fixture(scope="module")
def attacks(mnist: Dataset) -> Attacks:
    network = load_classifier("mlp").network
    assert network is not None
    few = LabelledImages(mnist.test.images[:300], mnist.test.labels[:300])
    return measure_attacks(network, few, lambda *_: None)


def test_an_undefended_network_falls_the_deeper_the_harder_it_is_attacked(
    attacks: Attacks,
) -> None:
    left = {(each.name, each.epsilon): each.accuracy for each in attacks.attacks}
    assert attacks.unattacked > 0.95
    assert left["FGSM", 0.1] < 0.7
    assert left["FGSM", 0.3] < left["FGSM", 0.1]
    assert left["PGD", 0.1] <= left["FGSM", 0.1]
    assert left["PGD", 0.3] < 0.05


def test_each_figure_has_its_interval_over_the_images(attacks: Attacks) -> None:
    assert attacks.images == 300
    for each in attacks.attacks:
        low, high = each.interval_95
        assert low <= each.accuracy <= high
        assert high - low < 0.13
