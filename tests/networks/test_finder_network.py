import pytest
import torch

from tendigits.data.pages.targets import BOX_UNIT
from tendigits.images.finder import STRIDE
from tendigits.networks import build_network, count_parameters
from tendigits.networks.finder import FinderGraph, FinderNetwork, folded
from tendigits.recipes import load_recipe


@pytest.fixture(scope="module")
def network() -> FinderNetwork:
    built = build_network(load_recipe("finder").network, seed=0)
    assert isinstance(built, FinderNetwork)
    return built.eval()


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 160), (96, 32)])
def test_maps_have_a_quarter_of_the_page_s_size(
    network: FinderNetwork, height: int, width: int
) -> None:
    maps = network(torch.zeros(2, 1, height, width))
    assert maps.shape == (2, 20, height // STRIDE, width // STRIDE)


def test_network_of_the_recipe_has_1_361_732_parameters(network: FinderNetwork) -> None:
    assert count_parameters(network) == 1_361_732


def test_maps_depend_on_contrast_little_and_on_brightness_not(network: FinderNetwork) -> None:
    page = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(1)) * 100
    torch.testing.assert_close(network(page + 100), network(page), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(network(2 * page), network(page), rtol=0.1, atol=0.1)


def test_scores_are_zero_beside_higher_ones_and_boxes_are_around_cells(
    network: FinderNetwork,
) -> None:
    page = torch.rand(1, 1, 64, 96, generator=torch.Generator().manual_seed(1)) * 255
    scores, classes, boxes = FinderGraph(network)(page)
    positive = scores[0, 0] > 0
    assert not (
        positive[:, 1:] & positive[:, :-1] & (scores[0, 0, :, 1:] != scores[0, 0, :, :-1])
    ).any()
    torch.testing.assert_close(classes.sum(1), torch.ones(1, 16, 24))
    sides = network(page)[0, 16:, 5, 7] * BOX_UNIT
    x, y = 7.5 * STRIDE, 5.5 * STRIDE
    expected = torch.stack([x - sides[0], y - sides[1], x + sides[2], y + sides[3]])
    torch.testing.assert_close(boxes[0, :, 5, 7], expected)


def test_folded_network_has_no_batch_normalisation_and_gives_the_same_maps() -> None:
    pages = torch.rand(8, 1, 64, 64) * 255
    trained = build_network(load_recipe("finder").network, seed=1)
    assert isinstance(trained, FinderNetwork)
    trained(pages)  # statistics that differ from the initial ones
    simple = folded(trained)
    assert not any(isinstance(each, torch.nn.BatchNorm2d) for each in simple.modules())
    with torch.no_grad():
        torch.testing.assert_close(simple(pages), trained.eval()(pages), rtol=1e-3, atol=1e-3)
