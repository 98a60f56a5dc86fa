import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from tendigits.data import Dataset
from tendigits.errors import DataError
from tendigits.networks import build_classifier, build_network, classifier_of_network
from tendigits.networks.torch_classifier import in_batches, scaled, torch_logits
from tendigits.recipes import MLPSettings, load_recipe
from tendigits.training import computing_threads

UNSUPPORTED: dict[str, NDArray[np.generic]] = {
    "27 columns": np.zeros((28, 27), np.uint8),
    "29 columns": np.zeros((2, 28, 29), np.uint8),
    "flat rows": np.zeros((3, 784), np.uint8),
    "one row": np.zeros(784, np.uint8),
    "a number": np.zeros((), np.uint8),
    "a channel": np.zeros((2, 28, 28, 1), np.uint8),
    "float": np.zeros((2, 28, 28), np.float32),
    "bool": np.zeros((28, 28), np.bool_),
    "int8": np.zeros((28, 28), np.int8),
    "int64": np.zeros((28, 28), np.int64),
}


@pytest.fixture(scope="module")
def network() -> nn.Module:
    """A convolutional network with batch normalisation, in evaluation mode."""
    return build_classifier(load_recipe("fast", {"network.stages": [[8], [16]]})).eval()


def test_logits_are_those_of_the_network_in_the_order_of_the_images(
    network: nn.Module, mnist: Dataset
) -> None:
    images = mnist.test.images[:250]  # not a multiple of the batch size
    with torch.no_grad():
        expected = network(scaled(torch.from_numpy(images))).numpy()
    np.testing.assert_allclose(torch_logits(network)(images), expected, atol=1e-4)


@pytest.mark.parametrize(("recipe", "outputs"), [("mlp", 10), ("fast", 10), ("reader", 11)])
def test_no_images_give_no_logits_but_all_columns(recipe: str, outputs: int) -> None:
    logits = torch_logits(build_classifier(load_recipe(recipe)))
    assert logits(np.zeros((0, 28, 28), np.uint8)).shape == (0, outputs)


@pytest.mark.parametrize("training", [True, False])
def test_network_is_not_changed_by_a_prediction(mnist: Dataset, training: bool) -> None:
    network = build_classifier(load_recipe("fast")).train(training)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    strides = [parameter.stride() for parameter in network.parameters()]
    classifier_of_network(network).predict(mnist.test.images[:150])
    assert {module.training for module in network.modules()} == {training}
    assert [parameter.stride() for parameter in network.parameters()] == strides
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_network_in_training_mode_predicts_as_in_evaluation_mode(
    network: nn.Module, mnist: Dataset
) -> None:
    images = mnist.test.images[:50]
    expected = torch_logits(network)(images)
    network.train()
    try:
        assert np.array_equal(torch_logits(network)(images), expected)
    finally:
        network.eval()


@pytest.mark.parametrize("threads", [1, 3])
def test_number_of_torchs_threads_is_used_and_restored(threads: int) -> None:
    seen = set()

    def double(numbers: torch.Tensor) -> torch.Tensor:
        seen.add(torch.get_num_threads())
        return 2 * numbers

    with computing_threads(threads):
        assert torch.equal(in_batches(double, np.arange(1000)), 2 * torch.arange(1000))
        assert torch.get_num_threads() == threads
    assert seen == {1}


def test_logits_do_not_depend_on_the_number_of_threads(network: nn.Module, mnist: Dataset) -> None:
    found = []
    for threads in (1, 2):
        with computing_threads(threads):
            found.append(torch_logits(network)(mnist.test.images[:250]))
    assert np.array_equal(found[0], found[1])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_network_on_cuda_predicts_as_on_the_cpu(network: nn.Module, mnist: Dataset) -> None:
    images = mnist.test.images[:1500]
    expected = torch_logits(network)(images)
    try:
        found = torch_logits(network.cuda())(images)
    finally:
        network.cpu()
    np.testing.assert_allclose(found, expected, atol=1e-2)


def test_grey_levels_are_divided_by_255() -> None:
    levels = torch.arange(256, dtype=torch.uint8).reshape(256, 1, 1).expand(256, 28, 28)
    exact = (np.arange(256) / 255).astype(np.float32)
    result = scaled(levels)
    assert result.dtype == torch.float32
    assert result.shape == (256, 1, 28, 28)
    assert np.array_equal(result.numpy(), np.broadcast_to(exact[:, None, None, None], result.shape))


def test_scaling_does_not_change_its_input(small_mnist: Dataset) -> None:
    images = torch.from_numpy(small_mnist.train.images)
    before = images.clone()
    scaled(images)
    assert torch.equal(images, before)
    assert images.shape == before.shape


def test_classifier_has_the_size_of_its_network() -> None:
    classifier = classifier_of_network(build_network(MLPSettings(kind="mlp", widths=[350, 350]), 0))
    assert (classifier.parameters, classifier.multiply_adds) == (401_110, 400_400)
    assert (classifier.temperature, classifier.threshold) == (None, 0.0)


def test_temperature_divides_the_logits(network: nn.Module, mnist: Dataset) -> None:
    images = mnist.test.images[:20]
    plain = classifier_of_network(network).predict(images)
    warm = classifier_of_network(network, temperature=2.0).predict(images)
    assert np.array_equal(warm.logits, plain.logits)
    assert np.array_equal(warm.log_probabilities, plain.at_temperature(2.0).log_probabilities)


def test_single_image_is_predicted_like_a_batch_of_one(network: nn.Module, mnist: Dataset) -> None:
    classifier, image = classifier_of_network(network), mnist.test.images[0]
    alone, batch = classifier.predict(image), classifier.predict(image[np.newaxis])
    assert alone.predicted.shape == (1,)
    assert np.array_equal(alone.logits, batch.logits)


def test_prediction_of_an_image_does_not_depend_on_the_others(
    network: nn.Module, mnist: Dataset
) -> None:
    classifier, images = classifier_of_network(network), mnist.test.images[:1250]
    together = classifier.predict(images).probabilities
    reversed_order = classifier.predict(images[::-1]).probabilities[::-1]
    np.testing.assert_allclose(together, reversed_order, atol=1e-5)


def test_read_only_images_are_accepted_and_not_changed(network: nn.Module, mnist: Dataset) -> None:
    images = mnist.test.images[:3].copy()  # np.asarray(Image.open(...)) is read-only
    images.setflags(write=False)
    classifier_of_network(network).predict(images)
    assert np.array_equal(images, mnist.test.images[:3])


@pytest.mark.parametrize("images", UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_images_of_another_shape_or_type_are_rejected_in_one_line(
    network: nn.Module, images: NDArray[np.uint8]
) -> None:
    with pytest.raises(DataError, match=r"uint8.*28, 28") as rejection:
        classifier_of_network(network).predict(images)
    assert "\n" not in str(rejection.value)
