import numpy as np
import pytest
import torch
from torch import nn

from tendigits import ModelError
from tendigits.data import Dataset
from tendigits.export.quantise import quantise
from tendigits.networks import build_network
from tendigits.networks.torch_classifier import scaled
from tendigits.recipes import load_recipe


def test_logits_are_close_to_those_of_the_network(small_mnist: Dataset) -> None:
    network = build_network(load_recipe("tiny").network, seed=0).eval()
    images = small_mnist.train.images[:100]
    integers = quantise(network, images, 1.0, "tiny")
    with torch.no_grad():
        logits = network(scaled(torch.from_numpy(images))).numpy()
    difference = integers.logits(images) * integers.logit - logits
    assert np.abs(difference).max() < 0.03 * np.ptp(logits)


def test_channels_of_very_different_ranges_keep_their_precision(small_mnist: Dataset) -> None:
    network = build_network(load_recipe("mlp").network, seed=0).eval()
    images = small_mnist.train.images[:100]
    before = quantise(network, images, 1.0, "mlp")
    assert isinstance(network, nn.Sequential)
    first, second = network[1], network[3]
    assert isinstance(first, nn.Linear)
    assert isinstance(second, nn.Linear)
    with torch.no_grad():
        first.weight[0] *= 16
        first.bias[0] *= 16
        second.weight[:, 0] /= 16
    after = quantise(network, images, 1.0, "mlp")
    np.testing.assert_array_equal(before.logits(images), after.logits(images))


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        (nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Sigmoid()), "has a layer Sigmoid"),
        (nn.Sequential(nn.Conv2d(1, 10, 28)), "does not end with a fully connected layer"),
        (nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(784, 10)), "has a layer ReLU"),
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.BatchNorm2d(2)), "has a layer Batch"),
        (nn.Sequential(nn.Conv2d(1, 2, 27), nn.Flatten(), nn.Linear(8, 10)), "flattens maps"),
        (
            nn.Sequential(
                nn.Conv2d(1, 2, 3), nn.Conv2d(2, 2, 3, padding=1), nn.Flatten(), nn.Linear(8, 10)
            ),
            "has a padded convolution after a layer without ReLU",
        ),
        (nn.Sequential(nn.Flatten()), "does not end with a fully connected layer"),
    ],
)
def test_layers_without_an_integer_form_are_rejected(
    network: nn.Module, sentence: str, small_mnist: Dataset
) -> None:
    with pytest.raises(ModelError, match=f"mine {sentence}"):
        quantise(network, small_mnist.train.images[:10], 1.0, "mine")
