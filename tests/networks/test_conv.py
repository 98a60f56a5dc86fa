import pytest
import torch

from tendigits.networks import build_network, count_multiply_adds, count_parameters
from tendigits.networks.conv import MaxAndMean
from tendigits.recipes import ConvSettings

SMALL = ConvSettings(
    kind="conv", stem_channels=4, stem_kernel=5, stem_stride=1, stages=[[6], [8]], padded=False
)


def test_images_give_ten_logits_each() -> None:
    assert build_network(SMALL, seed=0)(torch.zeros(3, 1, 28, 28)).shape == (3, 10)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("separable", [True, False])
def test_every_form_of_the_settings_makes_a_network(
    stride: int, *, padded: bool, separable: bool
) -> None:
    form = {"stem_stride": stride, "padded": padded, "separable": separable}
    settings = SMALL.model_copy(update=form)
    assert build_network(settings, seed=0)(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_parameters_are_counted() -> None:
    convolutions = 25 * 4 + 9 * 4 * 6 + 9 * 6 * 8
    scales = 2 * (4 + 6 + 8)
    assert count_parameters(build_network(SMALL, seed=0)) == convolutions + scales + 16 * 10 + 10


def test_parameters_of_separable_convolutions_are_counted() -> None:
    convolutions = 25 * 4 + (9 * 4 + 4 * 6) + (9 * 6 + 6 * 8)
    scales = 2 * (4 + (4 + 6) + (6 + 8))
    network = build_network(SMALL.model_copy(update={"separable": True}), seed=0)
    assert count_parameters(network) == convolutions + scales + 16 * 10 + 10


def test_multiply_adds_are_counted() -> None:
    expected = 24 * 24 * 25 * 4 + 10 * 10 * 9 * 4 * 6 + 3 * 3 * 9 * 6 * 8 + 160
    assert count_multiply_adds(build_network(SMALL, seed=0)) == expected


def test_the_head_gives_each_channels_maximum_and_mean() -> None:
    inputs = torch.rand(2, 3, 4, 4)
    outputs = MaxAndMean()(inputs)
    torch.testing.assert_close(outputs[:, :3], inputs.flatten(2).max(dim=2).values)
    torch.testing.assert_close(outputs[:, 3:], inputs.flatten(2).mean(dim=2))
