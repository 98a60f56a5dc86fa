import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from tendigits.data import Dataset
from tendigits.networks.mlp import MLP


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("widths", [[], [30], [350, 350]])
def test_logits_are_those_of_the_formula(mnist: Dataset, widths: list[int], training: bool) -> None:
    images = mnist.test.images[:20] / 255
    network = MLP(widths).train(training)
    logits = network(torch.from_numpy(images[:, np.newaxis]).float())
    assert logits.shape == (20, 10)
    np.testing.assert_allclose(logits.detach().numpy(), formula(network, images), atol=1e-5)


def test_the_images_that_are_given_stay_as_they_are() -> None:
    images = torch.rand(5, 1, 28, 28) - 0.5  # a ReLU in place would cut the negative ones
    before = images.clone()
    MLP([30])(images)
    assert torch.equal(images, before)


def formula(network: nn.Module, images: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return logits in float64: products, biases, and zero for what is negative in between."""
    values = images.reshape(len(images), 28 * 28)
    layers = [p.detach().double().numpy() for p in network.parameters()]
    for weights, biases in zip(layers[:-2:2], layers[1:-2:2], strict=True):
        values = np.maximum(values @ weights.T + biases, 0)
    return np.asarray(values @ layers[-2].T + layers[-1])
