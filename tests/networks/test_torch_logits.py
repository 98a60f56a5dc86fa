import numpy as np
import torch

import tendigits
from tendigits.data import Dataset
from tendigits.networks import build_classifier
from tendigits.networks.torch_logits import in_batches, torch_logits
from tendigits.training.predict import log_probabilities


def test_answers_are_the_networks_in_the_images_order(mnist: Dataset) -> None:
    network = build_classifier(tendigits.load_recipe("fast"))
    images = mnist.test.images[:250]  # not a whole number of batches
    logits = torch_logits(network)(images)
    expected = log_probabilities(network, images)
    answers = torch.from_numpy(logits).log_softmax(1).numpy()
    np.testing.assert_allclose(answers, expected, atol=1e-4)


def test_torchs_own_threads_are_left_as_they_were() -> None:
    before = torch.get_num_threads()
    whole = in_batches(lambda numbers: numbers * 2, np.arange(1000))
    assert torch.equal(whole, 2 * torch.arange(1000))
    assert torch.get_num_threads() == before
